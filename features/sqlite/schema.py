"""The tables of the feature store and its statements on ``people``; ``writes`` and ``store`` run them."""

# ruff: noqa: S608 - what is put into these statements are names of columns, never values

from __future__ import annotations

from features.sqlite import catalog
from features.sqlite.codec import Row, dated_consent
from features.sqlite.opening import Schema

SCHEMA = Schema(
    what="feature store",
    application_id=0x50756E64,
    version=2,
    statements=(
        """CREATE TABLE people (
            user_id TEXT PRIMARY KEY,
            content BLOB NOT NULL,       -- digest of the rest, by which an unchanged person is known
            display_name TEXT,
            profile_url TEXT,
            source TEXT NOT NULL,
            consented_at TEXT,           -- NULL: did not agree to be found
            updated_at TEXT NOT NULL,
            text_model TEXT NOT NULL,
            genre BLOB,                  -- vectors: float32, little-endian
            artist BLOB,
            playlist BLOB,
            year_mean REAL,
            year_std REAL,
            decades BLOB,
            genre_coverage REAL NOT NULL,
            year_coverage REAL NOT NULL,
            listening BLOB NOT NULL,     -- JSON
            written_at INTEGER NOT NULL  -- microseconds since 1970, stamped by the store
        )""",
        "CREATE INDEX people_written ON people (user_id, written_at)",
        # deleted_at: microseconds since 1970, stamped by the store; negative: has come back since.
        "CREATE TABLE tombstones (point_id BLOB PRIMARY KEY, deleted_at INTEGER NOT NULL) WITHOUT ROWID",
        # clock: the last stamp, so that stamps never run backwards; traces: deletions not yet wiped from the file.
        "CREATE TABLE state (clock INTEGER NOT NULL, traces INTEGER NOT NULL)",
        "INSERT INTO state VALUES (0, 0)",
        *catalog.TABLES,
    ),
    upgrades={1: dated_consent("people")},
)

_COLUMNS = ", ".join(Row._fields)
# A JSON list of ids is one parameter, however many there are.
_AMONG = "user_id IN (SELECT value FROM json_each(?))"

UPSERT = (
    f"INSERT INTO people ({_COLUMNS}, written_at) VALUES ({', '.join('?' * (len(Row._fields) + 1))})"
    " ON CONFLICT (user_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in (*Row._fields[1:], "written_at"))
)
SELECT_AMONG = f"SELECT {_COLUMNS} FROM people WHERE {_AMONG}"
SELECT_AFTER = (
    f"SELECT {_COLUMNS} FROM people INDEXED BY people_written"
    " WHERE user_id > ? AND written_at >= ? ORDER BY user_id LIMIT ?"
)
COME_BACK = "UPDATE tombstones SET deleted_at = -abs(deleted_at) WHERE point_id = ?"
SELECT_DELETED = "SELECT point_id FROM tombstones WHERE deleted_at >= max(?, 0) ORDER BY deleted_at, point_id"
SELECT_DEPARTED = "SELECT point_id FROM tombstones WHERE abs(deleted_at) >= ? ORDER BY abs(deleted_at), point_id"
CONTENT_AMONG = f"SELECT user_id, content FROM people WHERE {_AMONG}"
LISTENING_AMONG = f"SELECT listening, source FROM people WHERE {_AMONG}"
STAMP_AMONG = f"UPDATE people SET written_at = ? WHERE {_AMONG}"
DELETE_AMONG = f"DELETE FROM people WHERE {_AMONG}"
