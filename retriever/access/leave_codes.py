"""Leave codes: with theirs, people can have what is kept of them exported, and delete it, long after they joined.

There are no accounts, and whose id somebody knows need not be them. So whoever joins may ask for a code, which is shown
this once; on disk lies a digest of it beside a hash of the id, until the person leaves or joins again. It is known to
the server that gave it, and to no other one.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from features.identity import point_id
from features.profile import UserId
from features.sqlite.database import Database
from features.sqlite.opening import Schema
from retriever.errors import WrongLeaveCode

FILE_NAME = "leave_codes.db"
_BYTES = 16
"""128 random bits, so one plain SHA-256 keeps a code as safe as a slow hash would: nobody can try them all."""
_SCHEMA = Schema(
    what="file of leave codes",
    application_id=0x536F4C63,
    version=1,
    statements=("CREATE TABLE codes (person BLOB PRIMARY KEY, digest BLOB NOT NULL, at REAL NOT NULL) WITHOUT ROWID",),
)


def _now() -> datetime:
    return datetime.now(UTC)


class LeaveCodes:
    """One SQLite file. Blocking, thread-safe; all methods raise StoreError where it cannot be read or written."""

    def __init__(self, home: Path, clock: Callable[[], datetime] = _now) -> None:
        self._database, self._clock = Database(home / FILE_NAME, _SCHEMA), clock

    def give(self, user_id: UserId) -> str:
        """A new code for somebody; the one before is void."""
        code = f"{user_id}.{secrets.token_urlsafe(_BYTES)}"
        row = (point_id(user_id).bytes, _digest(code), self._clock().timestamp())
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO codes VALUES (?, ?, ?)", row)
        return code

    def whose(self, code: str) -> tuple[UserId, datetime]:
        """Who was given ``code``, and when. Raises WrongLeaveCode; what is wrong, neither words nor time tell."""
        user_id = UserId(code.rpartition(".")[0])
        found = "SELECT digest, at FROM codes WHERE person = ?"
        with self._database.reading() as connection:
            row = connection.execute(found, (point_id(user_id).bytes,)).fetchone()
        digest, at = row or (bytes(_BYTES * 2), 0.0)
        if not hmac.compare_digest(digest, _digest(code)):
            raise WrongLeaveCode
        return user_id, datetime.fromtimestamp(at, UTC)

    def void(self, points: Iterable[UUID]) -> None:
        """Keep no code of people, by ``features.identity.point_id``."""
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM codes WHERE person = ?", [(point.bytes,) for point in points])

    def oldest(self) -> datetime | None:
        """When the first code that is still kept was given; None where there is none."""
        with self._database.reading() as connection:
            (at,) = connection.execute("SELECT min(at) FROM codes").fetchone()
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _digest(code: str) -> bytes:
    return sha256(code.encode("utf-8", "surrogatepass")).digest()
