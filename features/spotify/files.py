"""Opening the files of this package, all of which can be done without: a damaged one is begun anew."""

from __future__ import annotations

from pathlib import Path

from features.errors import StoreError
from features.sqlite.database import Database
from features.sqlite.opening import Schema
from features.sqlite.trouble import is_damage


def opened(path: Path, schema: Schema) -> Database:
    """The file, or a new one; a damaged one is removed, as what is in it can be asked for again.

    Raises:
        StoreError: the file or its folder cannot be used.
    """
    try:
        return Database(path, schema)
    except StoreError as error:
        if not is_damage(error):
            raise
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return Database(path, schema)
