"""Wiping what was deleted from a file, sooner or later: its table ``state`` counts in ``traces`` what is due."""

from __future__ import annotations

from features.sqlite.database import Database


def wipe(database: Database) -> None:
    """Leave no byte of what was deleted; quick where nothing was. Where a reader is in the way, it stays due.

    Raises:
        StoreError: the rewriting failed, most likely for want of disk space; it stays due.
    """
    with database.reading() as connection:
        traces: int = connection.execute("SELECT traces FROM state").fetchone()[0]
    if traces and database.clear_traces():
        with database.writing() as connection:
            connection.execute("UPDATE state SET traces = 0 WHERE traces = ?", (traces,))
