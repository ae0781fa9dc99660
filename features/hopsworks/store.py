"""HopsworksFeatureStore: people in the feature group, and a replica of them on this disk that is read from.

A read of Hopsworks takes half a second and more, so none is made for a request: everything is read from the replica, an
ordinary local store. Writes and deletes go to Hopsworks first and then to the replica; what others write comes with the
next :meth:`refresh`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from features.errors import StoreError, UnreadableRows
from features.files import locked
from features.hopsworks.group import keys_of
from features.hopsworks.people import RemotePeople
from features.ports import CommunityCatalog, Upserted
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.tables.frames import microseconds, people_of
from features.user_features import UserFeatures

if TYPE_CHECKING:
    import pyarrow as pa

OnPeople = Callable[[int, int], None]
"""Told how many of the people that the replica lacked it has by now, and how many there are."""
_GONE_AT_ONCE, _MANY, _SHARE = 1000, 100, 0.2
PATIENCE_S = 600.0
"""Seconds that a write waits for its turn: a first refresh of many people takes minutes."""


def _now() -> datetime:
    return datetime.now(UTC)


class HopsworksFeatureStore:
    """FeatureStore over a feature group, read from a replica. Every method may raise ``StoreError``.

    The stamps are the replica's: a change is stamped when it comes to be known on this disk.
    """

    def __init__(
        self,
        remote: RemotePeople,
        replica: SqliteFeatureStore,
        *,
        clock: Callable[[], datetime] = _now,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """``patience_s``: how long a write waits for another one, or for a refresh."""
        self._remote, self._replica, self._clock, self._patience_s = remote, replica, clock, patience_s
        self._writing = threading.Lock()

    @property
    def catalog(self) -> CommunityCatalog:
        """What the people of the replica tell about artists."""
        return self._replica.catalog

    @property
    def path(self) -> Path:
        """Where the replica lies."""
        return self._replica.path

    def refresh(self, on_people: OnPeople = lambda _done, _all: None) -> None:
        """Bring the replica up to what the feature group holds; an interruption is gone on from by the next one."""
        with self._alone():
            self._remote.list_all()
            gone = self._remote.ledger.gone()
            self._doubt(gone)
            for start in range(0, len(gone), _GONE_AT_ONCE):
                some = gone[start : start + _GONE_AT_ONCE]
                self._replica.delete(some)
                self._remote.ledger.forget(some)
            self._fetch(on_people)

    def upsert(self, people: Sequence[UserFeatures], *, anew: bool = False) -> Upserted:
        """Write all of ``people``; the last one wins where an id stands twice, the unchanged are not written."""
        with self._alone():
            self._remote.upsert(people, anew=anew)
            done = self._replica.upsert(people, anew=anew)
            self._remote.ledger.replicated(person.user_id for person in people)
            return done

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, UserFeatures]:
        """Those of ``user_ids`` who are known."""
        return self._replica.get(user_ids)

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        """Everybody, or those written at or after ``since``, by user id in batches; memory holds one batch."""
        return self._replica.scan(since=since, batch_size=batch_size)

    def delete(self, user_ids: Iterable[UserId]) -> int:
        """Delete and leave tombstones; returns how many were known, here or in Hopsworks.

        The rows are out of every query then; Hopsworks' files keep them until :meth:`vacuum`.
        """
        named = list(dict.fromkeys(user_ids))
        if not named:
            return 0
        with self._alone():
            self._remote.ledger.bury(named, microseconds(self._clock()))
            found = self._remote.delete(named)
            self._replica.delete(named)
            # Last: after a break before this, the next refresh finds them gone there, and deletes them here, too.
            return len(found - self._remote.ledger.held(named).keys()) + self._remote.ledger.forget(named)

    def deleted(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people deleted at or after ``since`` who have not come back."""
        return self._replica.deleted(since=since)

    def departed(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people who left at or after ``since``, also of those who have come back."""
        return self._replica.departed(since=since)

    def count(self) -> int:
        """Number of people."""
        return self._replica.count()

    def last_change(self) -> datetime | None:
        """When somebody was last written or deleted, as far as is known here."""
        return self._replica.last_change()

    def vacuum(self, retention_hours: int) -> int:
        """Have Hopsworks forget what was deleted or replaced; returns how many rows were left over from before."""
        with suppress(UnreadableRows):  # theirs is no reason to keep the bytes of others
            self.refresh()
        with self._alone():
            return self._remote.tidy(retention_hours, lambda user_ids: self._replica.get(user_ids).values())

    def close(self) -> None:
        """Close the replica and the ledger."""
        self._replica.close()
        self._remote.close()

    def _doubt(self, gone: Sequence[UserId]) -> None:
        """Many gone at once are rather a feature group lost than that many deletions, which would go on from here.

        A lost one need not be empty: whoever joins next makes it anew.
        """
        if len(gone) > _MANY and len(gone) > _SHARE * self._replica.count():
            raise StoreError(
                f"{len(gone):,} of the {self._replica.count():,} people known here are not in Hopsworks any more.",
                f"Restore the feature group; or, if that was on purpose, delete the folder {self.path.parent}.",
            )

    def _fetch(self, on_people: OnPeople) -> None:
        wanted, earliest = self._remote.ledger.wanted()
        if not wanted:
            return
        done, returned, unreadable = 0, list[UserId](), set[str]()
        on_people(0, wanted)
        with closing(self._remote.rows(earliest)) as batches:
            for batch in batches:
                rows, late = self._lacking(batch)
                found = dict(zip(keys_of(rows), people_of(rows), strict=True))
                unreadable |= {key.user_id for key, each in found.items() if each is None}
                people = [each.person for each in found.values() if each is not None]
                self._replica.upsert(people)
                self._remote.ledger.replicated(person.user_id for person in people)
                done, returned = done + len(people) + len(late), returned + late
                on_people(done, wanted)
        if returned:
            self._remote.delete(returned)
            self._remote.ledger.forget(returned)
        if unreadable:  # told last, so that one row that cannot be read keeps nobody else away
            raise UnreadableRows(sorted(unreadable))

    def _lacking(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[UserId]]:
        """The rows, each once, of the people whom the replica lacks, and whose came through after their deletion."""
        import pyarrow as pa

        keys = keys_of(batch)
        wanted = self._remote.ledger.wanted_among(keys)
        late = set(self._remote.ledger.buried(wanted))
        rows = {key: at for at, key in enumerate(keys) if key in wanted and key.user_id not in late}
        return batch.take(pa.array(rows.values(), pa.int64())), sorted(late)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One write or refresh at a time, in this process and in others with the same replica."""
        with ExitStack() as stack:
            if not self._writing.acquire(timeout=self._patience_s):
                raise self._busy()
            stack.callback(self._writing.release)
            try:
                stack.enter_context(locked(self._replica.path.with_suffix(".lock"), patience_s=self._patience_s))
            except TimeoutError:
                raise self._busy() from None
            except OSError as error:
                raise StoreError(f"{self._replica.path.parent} cannot be written to: {error.strerror}.") from error
            yield

    def _busy(self) -> StoreError:
        return StoreError(
            f"The replica in {self._replica.path.parent} has been written to by another for {self._patience_s:g} s.",
            "Try again when it is done.",
        )
