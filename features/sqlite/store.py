"""SqliteFeatureStore: the feature store in one file, for one machine and any number of processes.

Transactions and reading live here; what a write changes in ``features.sqlite.writes``, rows and their bytes in
``features.sqlite.codec``, the catalogue in ``features.sqlite.catalog``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from features.errors import StoreError
from features.ports import Upserted
from features.profile import UserId
from features.sqlite import traces, writes
from features.sqlite.catalog import SqliteArtistCatalog
from features.sqlite.codec import Row, features_of, row_of
from features.sqlite.database import Database
from features.sqlite.recount import recount
from features.sqlite.schema import SCHEMA, SELECT_AFTER, SELECT_AMONG, SELECT_DELETED, SELECT_DEPARTED
from features.user_features import UserFeatures


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteFeatureStore:
    """FeatureStore in an SQLite file; ``catalog`` is the ArtistCatalog that its writes keep in step.

    ``written_at`` is stamped while the write lock is held, and seen once the write is committed: whatever is committed
    after ``last_change`` was asked is stamped later. Who follows the changes asks that first, then for the changes.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
        """Open the store, or begin a new one.

        Raises:
            StoreError: the file or its folder cannot be used, or is of another program or version.
        """
        self._database = Database(path, SCHEMA)
        self._clock = clock
        self.catalog = SqliteArtistCatalog(self._database)
        # Neither a full disk nor a damaged row must keep anybody from reading; the next opening tries again.
        with suppress(StoreError), self._damage_named():
            recount(self._database)
        # The next deletion tries again, and tells.
        with suppress(StoreError):
            traces.wipe(self._database)

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self._database.path

    def upsert(self, people: Sequence[UserFeatures], *, anew: bool = False) -> Upserted:
        """Write all of ``people`` in one transaction; the last one wins where an id stands twice.

        With ``anew`` the unchanged are stamped, too, as an index may hold another state of them.

        Raises:
            StoreError: nothing was written.
        """
        rows = [(row_of(person), person) for person in {person.user_id: person for person in people}.values()]
        with self._database.writing() as connection, self._damage_named():
            return writes.put(connection, rows, now=self._clock(), anew=anew)

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, UserFeatures]:
        """Those of ``user_ids`` who are known.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._database.reading() as connection:
            rows = connection.execute(SELECT_AMONG, writes.ids(user_ids)).fetchall()
        return {person.user_id: person for person in self._people(rows)}

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        """Everybody, or those written at or after ``since``, by user id in batches; memory holds one batch.

        Each batch is a read of its own, so a slow consumer keeps no old state of the file alive: people written
        during a scan may or may not be seen, nobody is seen twice.

        Raises:
            StoreError: the file cannot be read.
        """
        after, earliest = "", 0 if since is None else writes.microseconds(since)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(SELECT_AFTER, (after, earliest, batch_size)).fetchall()
            if not rows:
                return
            yield self._people(rows)
            after = rows[-1][0]

    def delete(self, user_ids: Iterable[UserId]) -> int:
        """Delete and leave tombstones (point id and time, never the user id); returns how many were known.

        Also wipes what was deleted from the file's bytes; where that fails, the next deletion or opening does it.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._database.writing() as connection, self._damage_named():
            known = writes.remove(connection, user_ids, now=self._clock())
        traces.wipe(self._database)
        return known

    def deleted(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people deleted at or after ``since`` who have not come back, the oldest deletion first.

        Raises:
            StoreError: the file cannot be read.
        """
        return self._points(SELECT_DELETED, since)

    def departed(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people who left at or after ``since``, also of those who have come back.

        Raises:
            StoreError: the file cannot be read.
        """
        return self._points(SELECT_DEPARTED, since)

    def count(self) -> int:
        """Number of people.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._database.reading() as connection:
            people: int = connection.execute("SELECT count(*) FROM people").fetchone()[0]
        return people

    def last_change(self) -> datetime | None:
        """When somebody was last written or deleted; None where nobody ever was.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._database.reading() as connection:
            clock: int = connection.execute("SELECT clock FROM state").fetchone()[0]
        return writes.moment(clock) if clock else None

    def close(self) -> None:
        """Close the file; the store cannot be used after."""
        self._database.close()

    def _points(self, statement: str, since: datetime) -> list[UUID]:
        with self._database.reading() as connection:
            rows = connection.execute(statement, (writes.microseconds(since),)).fetchall()
        return [UUID(bytes=point) for (point,) in rows]

    def _people(self, rows: Iterable[tuple[object, ...]]) -> list[UserFeatures]:
        with self._damage_named():
            return [features_of(Row._make(row)) for row in rows]

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, LookupError, TypeError) as error:
            raise StoreError(
                f"The feature store {self.path} holds a row that cannot be read.",
                "It is damaged: restore a backup, or move it away and import again.",
            ) from error
