"""The ledger of requests that came with an Idempotency-Key: on disk, digests only, for as long as a key counts.

It holds no answer, so a request that is repeated after a restart is carried out again; what it is for is to know by
then that a key stands for another request, or for a person who was deleted since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from features.identity import point_id
from features.profile import UserId
from features.sqlite.database import Database
from features.sqlite.opening import Schema

FILE_NAME = "idempotency.db"

_SCHEMA = Schema(
    what="ledger of idempotency keys",
    application_id=0x536F4964,
    version=1,
    statements=(
        "CREATE TABLE requests (key BLOB PRIMARY KEY, request BLOB NOT NULL, at REAL NOT NULL, gone INTEGER NOT NULL)"
        " WITHOUT ROWID",
        "CREATE INDEX requests_at ON requests (at)",
        # The people that a request took in, by point id.
        "CREATE TABLE people (person BLOB NOT NULL, key BLOB NOT NULL, PRIMARY KEY (person, key)) WITHOUT ROWID",
        "CREATE INDEX people_key ON people (key)",
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a key: the request that it stands for, whether it was unknown, whether its person is gone."""

    request: bytes
    is_new: bool
    is_gone: bool = False


class Ledger:
    """One SQLite file. Blocking; all methods raise StoreError where it cannot be read or written."""

    def __init__(self, home: Path, ttl: timedelta, clock: Callable[[], datetime]) -> None:
        self._database = Database(home / FILE_NAME, _SCHEMA)
        self._ttl, self._clock = ttl, clock

    def begin(self, key: bytes, request: bytes) -> Entry:
        """Note that ``request`` came with ``key``, unless it is known already; forget the keys whose time is over."""
        now = self._clock()
        over = ((now - self._ttl).timestamp(),)
        with self._database.writing() as connection:
            connection.execute("DELETE FROM people WHERE key IN (SELECT key FROM requests WHERE at <= ?)", over)
            connection.execute("DELETE FROM requests WHERE at <= ?", over)
            known = connection.execute("SELECT request, gone FROM requests WHERE key = ?", (key,)).fetchone()
            if known is not None:
                return Entry(known[0], is_new=False, is_gone=bool(known[1]))
            connection.execute("INSERT INTO requests VALUES (?, ?, ?, 0)", (key, request, now.timestamp()))
        return Entry(request, is_new=True)

    def finish(self, key: bytes, people: Iterable[UserId]) -> None:
        """Note whom the request of ``key`` took in."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO people VALUES (?, ?)", [(point_id(person).bytes, key) for person in people]
            )

    def drop(self, key: bytes) -> None:
        """Forget ``key``: its request failed, and may be sent anew, or another one instead."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM requests WHERE key = ?", (key,))

    def forget(self, points: Iterable[UUID]) -> None:
        """Note that people were deleted, by point id: what took them in is not to be carried out again."""
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE requests SET gone = 1 WHERE key IN (SELECT key FROM people WHERE person = ?)",
                [(point.bytes,) for point in points],
            )

    def close(self) -> None:
        """Close the file."""
        self._database.close()
