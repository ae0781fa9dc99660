"""What SQLite and the disk complain of, in one clear line with a way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from features.errors import StoreError

_MEND = {
    sqlite3.SQLITE_NOTADB: "It is no SQLite file: move it away, or set SOUNDALIKE_HOME to another folder.",
    sqlite3.SQLITE_CORRUPT: "It is damaged: restore a backup, or move it away and import again.",
    sqlite3.SQLITE_FULL: "Free some disk space and try again.",
    sqlite3.SQLITE_IOERR: "Check the disk and its free space.",
    sqlite3.SQLITE_READONLY: "Make the file and its folder writable, or set SOUNDALIKE_HOME to another folder.",
    sqlite3.SQLITE_CANTOPEN: "Make the folder writable, or set SOUNDALIKE_HOME to another folder.",
    sqlite3.SQLITE_PERM: "Make the file readable and writable, or set SOUNDALIKE_HOME to another folder.",
    sqlite3.SQLITE_BUSY: "Another process has been writing to it for long: try again when that has finished.",
}
_FOLDER = "Make the folder exist and be writable, or set SOUNDALIKE_HOME to another folder."


def store_error(error: sqlite3.Error | OSError, *, what: str, path: Path) -> StoreError:
    """The StoreError that tells of ``error`` in the file ``path``, which is a ``what``."""
    if isinstance(error, sqlite3.Error):
        mend = _MEND.get(primary_code(error), "")
        reason = str(error)
    else:
        mend = _FOLDER
        reason = error.strerror or type(error).__name__
    return StoreError(f"The {what} {path} cannot be used: {reason}.", mend)


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without the extension; 0 where the error did not come from SQLite itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_damage(error: StoreError) -> bool:
    """Whether a file's content is at fault (broken, or not ours), so that a new file would do."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return primary_code(cause) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
    return cause is None
