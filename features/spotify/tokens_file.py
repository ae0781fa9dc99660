"""The SQLite file of logins: tokens, the sessions that they belong to, logins that were begun, and those that ended.

Its tables and its wiping live here; statements on people in ``tokens_rows``, on logins begun in ``login_begun``.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from features.errors import StoreError
from features.sqlite import traces
from features.sqlite.database import Database
from features.sqlite.opening import Schema

TOKENS_FILE = "spotify_tokens.db"
# In files of before as well, which are of the same version: begun when one is opened.
ENDED = """CREATE TABLE IF NOT EXISTS ended (
    user_id TEXT PRIMARY KEY          -- whose login is over, and of whom something may be kept that was read with it
) WITHOUT ROWID"""
_SCHEMA = Schema(
    what="file of Spotify logins",
    application_id=0x50756E73,
    version=1,
    statements=(
        # Times are microseconds since 1970; sessions and states are digests, of which nobody can make a cookie.
        """CREATE TABLE tokens (
            user_id TEXT PRIMARY KEY,
            account_id TEXT UNIQUE,
            authorised_at INTEGER NOT NULL,
            sealed BLOB NOT NULL          -- a Grant, encrypted; no two are alike
        )""",
        """CREATE TABLE sessions (
            digest BLOB PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES tokens (user_id),
            since INTEGER NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX sessions_of ON sessions (user_id, since)",
        """CREATE TABLE begun (
            state BLOB PRIMARY KEY,
            session BLOB NOT NULL,
            begun_at INTEGER NOT NULL,
            verifier BLOB NOT NULL        -- encrypted
        ) WITHOUT ROWID""",
        ENDED,
        # traces: deletions not yet wiped from the file.
        "CREATE TABLE state (traces INTEGER NOT NULL)",
        "INSERT INTO state VALUES (0)",
    ),
)


class TokensFile(Database):
    """Connections to the file; what was forgotten is wiped from its bytes, sooner or later."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin a new one.

        Raises:
            StoreError: the file or its folder cannot be used, or is of another program or version.
        """
        super().__init__(path, _SCHEMA)
        with self.reading() as connection:
            connection.execute(ENDED)
        # An earlier process may have ended before it did; a full disk must not keep anybody from logging in.
        with suppress(StoreError):
            self.wipe()

    def wipe(self) -> None:
        """Leave no byte of what was forgotten; quick where nothing was. Where a reader is in the way, it stays due.

        Raises:
            StoreError: the rewriting failed, most likely for want of disk space; it stays due.
        """
        traces.wipe(self)


def leaves_traces(connection: sqlite3.Connection) -> None:
    """Something was deleted in this transaction that is to be wiped."""
    connection.execute("UPDATE state SET traces = traces + 1")


def digest(secret: str) -> bytes:
    """How a session or a state is known in the file."""
    return sha256(secret.encode(errors="surrogatepass")).digest()
