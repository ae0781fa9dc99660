"""The outbox: writes that were acknowledged and are not in the feature store yet, in an SQLite file of their own.

One row a person, the state that was acknowledged last: an earlier one that was not delivered yet is not needed any
more. What takes the rows to the store lives in ``features.delivery``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from features.errors import StoreError
from features.files import locked, tried
from features.profile import UserId
from features.sqlite.codec import Row, dated_consent, features_of, row_of
from features.sqlite.database import Database
from features.sqlite.opening import Schema
from features.sqlite.writes import ids, microseconds, moment
from features.user_features import UserFeatures

# ruff: noqa: S608 - what is put into these statements are names of columns, never values

_CONTENT = Row._fields[1:]  # all NULL in the row of a deletion
_SCHEMA = Schema(
    what="outbox",
    application_id=0x50756E6F,
    version=2,
    statements=(
        # AUTOINCREMENT: no number is ever given twice, so a delivered row is told from one that took its place.
        f"""CREATE TABLE waiting (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            accepted_at INTEGER NOT NULL,  -- microseconds since 1970; negative for who has come back, see Waiting
            user_id TEXT NOT NULL UNIQUE,
            {", ".join(_CONTENT)}
        )""",
    ),
    upgrades={1: dated_consent("waiting")},
)
_PUT = (
    f"INSERT OR REPLACE INTO waiting (accepted_at, user_id, {', '.join(_CONTENT)})"
    " VALUES (? * CASE WHEN ? IN (SELECT user_id FROM waiting WHERE content IS NULL OR accepted_at < 0)"
    f" THEN -1 ELSE 1 END, ?, {', '.join('?' * len(_CONTENT))})"
)
_REMOVE = "INSERT OR REPLACE INTO waiting (accepted_at, user_id) VALUES (?, ?)"
_SELECT = f"SELECT seq, user_id, accepted_at < 0, {', '.join(_CONTENT)} FROM waiting"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A state of a person that is on its way to the feature store.

    Attributes:
        seq: of no other one.
        user_id: whose.
        person: None for a deletion.
        was_deleted: whether a deletion is to be delivered, as the last state or as one that ``person`` came after.
    """

    seq: int
    user_id: UserId
    person: UserFeatures | None
    was_deleted: bool


@dataclass(frozen=True, slots=True)
class Depth:
    """How many people's states wait, and since when the oldest does."""

    waiting: int
    oldest: datetime | None


def _now() -> datetime:
    return datetime.now(UTC)


class Outbox:
    """Acknowledged writes on disk. A method that returns has been synced to it; any may raise ``StoreError``."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
        """Open the outbox, or begin a new one. Raises StoreError."""
        self._has_traces = path.exists()  # an earlier process may have ended before it wiped them
        self._database = Database(path, _SCHEMA)
        self._clock = clock
        # A full disk must not keep anybody from reading; the next delivery tries again, and tells.
        with suppress(StoreError):
            self.wipe()

    def put(self, person: UserFeatures) -> None:
        """A person is new, or has changed."""
        row = row_of(person)
        with self._database.writing() as connection:
            connection.execute(_PUT, (microseconds(self._clock()), row.user_id, *row))

    def remove(self, user_id: UserId) -> None:
        """A person is to be deleted."""
        with self._database.writing() as connection:
            connection.execute(_REMOVE, (microseconds(self._clock()), user_id))

    def get(self, user_ids: Iterable[UserId]) -> dict[UserId, Waiting]:
        """Those of ``user_ids`` who have something waiting."""
        return {row.user_id: row for row in self._select("WHERE user_id IN (SELECT value FROM json_each(?))", user_ids)}

    def oldest(self, most: int) -> list[Waiting]:
        """What waits longest."""
        return self._rows(f"{_SELECT} ORDER BY seq LIMIT ?", (most,))

    def batches(self, size: int) -> Iterator[list[Waiting]]:
        """All that waits, the oldest first; what is delivered meanwhile may be missing."""
        after = 0
        while rows := self._rows(f"{_SELECT} WHERE seq > ? ORDER BY seq LIMIT ?", (after, size)):
            yield rows
            after = rows[-1].seq

    def ids(self) -> set[UserId]:
        """Everybody who has something waiting."""
        with self._database.reading() as connection:
            return {user_id for (user_id,) in connection.execute("SELECT user_id FROM waiting")}

    def settle(self, delivered: Sequence[Waiting]) -> None:
        """Forget what was delivered, unless something newer has taken its place; :meth:`wipe` comes after."""
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM waiting WHERE seq = ?", [(row.seq,) for row in delivered])
        self._has_traces |= any(row.was_deleted for row in delivered)

    def wipe(self) -> None:
        """Leave no byte of those who were deleted in the file; quick where nobody was since the last time.

        Where a reader is in the way, or the disk is full, it is due again.
        """
        if self._has_traces:
            self._has_traces = not self._database.clear_traces()

    def depth(self) -> Depth:
        """How much waits."""
        with self._database.reading() as connection:
            waiting, oldest = connection.execute("SELECT count(*), min(abs(accepted_at)) FROM waiting").fetchone()
        return Depth(waiting, None if oldest is None else moment(oldest))

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """Only one process at a time takes rows to the store, or an older state could overtake a newer one."""
        try:
            with locked(self._lock_path):
                yield
        except OSError as error:
            raise self._cannot_lock(error) from error

    @contextmanager
    def at_rest(self) -> Iterator[bool]:
        """Whether nothing is on its way to the store, and while the block lasts nothing sets out."""
        try:
            with tried(self._lock_path) as is_at_rest:
                yield is_at_rest
        except OSError as error:
            raise self._cannot_lock(error) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def _lock_path(self) -> Path:
        return self._database.path.with_suffix(".lock")

    @staticmethod
    def _cannot_lock(error: OSError) -> StoreError:
        return StoreError(f"The outbox cannot be locked: {error.strerror}.", "Check the folder's rights.")

    def _select(self, where: str, user_ids: Iterable[UserId]) -> list[Waiting]:
        return self._rows(f"{_SELECT} {where}", ids(user_ids))

    def _rows(self, statement: str, parameters: tuple[object, ...]) -> list[Waiting]:
        with self._database.reading() as connection:
            return [_waiting(*row) for row in connection.execute(statement, parameters).fetchall()]


def _waiting(seq: int, user_id: UserId, has_come_back: int, *content: object) -> Waiting:
    if content[0] is None:
        return Waiting(seq, user_id, None, was_deleted=True)
    try:
        person = features_of(Row(user_id, *content))  # type: ignore[arg-type]  # as row_of wrote it
        return Waiting(seq, user_id, person, was_deleted=bool(has_come_back))
    except (ValueError, LookupError, TypeError) as error:
        raise StoreError("The outbox holds a row that cannot be read.", "Restore a backup of outbox.db.") from error
