"""Taking out of a catalogue what an earlier version counted in it: genres and years that Spotify's Web API told.

Done once, when a file of before is opened: counts that hold them could never be told from what other sources tell.
"""

from __future__ import annotations

import sqlite3

import orjson

from features.provenance import SPOTIFY_API
from features.sqlite.catalog import MARK, Changes
from features.sqlite.codec import decode_listening
from features.sqlite.database import Database

_ANY_SOURCE = ""


def recount(database: Database) -> None:
    """Count those people anew who were counted with what may not be lent; quick where that was done.

    Raises:
        StoreError: the file cannot be read or written, and the next opening tries again.
        ValueError: somebody's listening is damaged, and the same.
    """
    with database.reading() as connection:
        if _is_done(connection):
            return
    with database.writing() as connection:
        if not _is_done(connection):  # another process may have been quicker
            _count_anew(connection)
            connection.execute(MARK)


def _is_done(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counts_only_lent'").fetchone()
    return found is not None


def _count_anew(connection: sqlite3.Connection) -> None:
    changes = Changes()
    sources = orjson.dumps(sorted(SPOTIFY_API)).decode()
    found = "SELECT source, listening FROM people WHERE source IN (SELECT value FROM json_each(?))"
    people = connection.execute(found, (sources,)).fetchall()
    for source, blob in people:
        listening = decode_listening(blob)
        changes.remove(listening, _ANY_SOURCE)
        changes.add(listening, source)
    changes.apply(connection)
    connection.execute("UPDATE state SET traces = traces + ?", (len(people),))
