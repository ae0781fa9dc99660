"""Comparing what the feature store knows with what the index holds, person by person, and mending the difference.

People are compared by id and by fingerprint of their content. Nothing that was acknowledged makes a difference for
long by itself; this is the proof of it, and the way back after a store was restored from a backup.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

from pydantic import Field

from features.delivery import deliver_all
from features.fingerprint import fingerprint
from features.identity import point_id
from features.outbox import Outbox
from features.ports import FeatureStore
from features.profile import UserId
from features.settled import Settled
from indexer.follow import findable, vectors_of
from indexer.payload import CONTENT
from indexer.ports import UserIndex
from retriever.errors import Overloaded
from retriever.live import Live
from retriever.opening import Unit

_BATCH = 500
_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Differences:
    """Where the index is not what the feature store and the outbox say it should be.

    Attributes:
        missing: in the feature store, and not in the index.
        extra: in the index, and not in the feature store.
        stale: in both, with another content.
    """

    missing: tuple[UserId, ...]
    extra: tuple[UserId, ...]
    stale: tuple[UserId, ...]

    @property
    def everybody(self) -> tuple[UserId, ...]:
        """All of them."""
        return (*self.missing, *self.extra, *self.stale)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation found, and mended unless it was only asked to look."""

    dry_run: bool
    missing: Annotated[int, Field(ge=0, description="In the feature store, and not in the index.")]
    extra: Annotated[int, Field(ge=0, description="In the index, and not in the feature store.")]
    stale: Annotated[int, Field(ge=0, description="In both, with another content.")]
    examples: Annotated[tuple[UserId, ...], Field(description="Some of them.")]

    @classmethod
    def of(cls, found: Differences, *, dry_run: bool) -> Reconciled:
        """In numbers, with some examples."""
        return cls(dry_run, len(found.missing), len(found.extra), len(found.stale), found.everybody[:_EXAMPLES])


def differences(wanted: Mapping[UserId, str], found: Mapping[UserId, str]) -> Differences:
    """What stands between two states, each as ids with fingerprints."""
    return Differences(
        missing=tuple(sorted(wanted.keys() - found.keys())),
        extra=tuple(sorted(found.keys() - wanted.keys())),
        stale=tuple(sorted(user_id for user_id in wanted.keys() & found.keys() if wanted[user_id] != found[user_id])),
    )


def compare(store: FeatureStore, outbox: Outbox, index: UserIndex) -> Differences:
    """Look at everybody, change nobody; who is written meanwhile may be named wrongly. Raises what the stores raise."""
    wanted = {p.user_id: fingerprint(p) for batch in Settled(store, outbox).scan() for p in findable(batch)}
    waiting = [row.person for batch in outbox.batches(_BATCH) for row in batch if row.person is not None]
    wanted |= {person.user_id: fingerprint(person) for person in findable(waiting)}
    return differences(wanted, {user_id: content for batch in index.contents() for user_id, content in batch.items()})


class Reconciler:
    """Compares and mends while the service goes on."""

    def __init__(
        self, live: Live, outbox: Outbox, store: FeatureStore, *, refresh: Callable[[], None] = lambda: None
    ) -> None:
        """``refresh``: brings up to date what is known here of a store that others write to, too."""
        self._live, self._outbox, self._store, self._refresh = live, outbox, store, refresh
        self._mending = threading.Lock()  # a store that hangs then keeps one thread, however often this is asked for

    def compare(self) -> Differences:
        """Look, and change nothing.

        Raises:
            StoreError, IndexUnavailable: a store does not answer. Overloaded: another one is at it already.
        """
        with self._alone():
            return self._compare()

    def mend(self) -> Differences:
        """Deliver what waits, compare, and bring the index to what the feature store says; returns what was mended.

        Raises:
            StoreError, IndexUnavailable: a store does not answer; what was mended until then stays so.
            Overloaded: others have been writing for too long, or another one is at it already.
        """
        with self._alone():
            return self._mend_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._mending.acquire(blocking=False):
            raise Overloaded("The stores are being compared already.")
        try:
            yield
        finally:
            self._mending.release()

    def _compare(self) -> Differences:
        """An index must not be held against an old state of the store."""
        self._refresh()
        with self._live.lease() as unit:
            return compare(self._store, self._outbox, unit.index)

    def _mend_all(self) -> Differences:
        deliver_all(self._outbox, self._store)
        suspected = self._compare()
        mended: list[Differences] = []
        for some in _batches(suspected.everybody):
            with self._live.writing(), self._live.changing() as unit:
                mended.append(self._mend(some, unit))
        if any(each.extra for each in mended):
            deliver_all(self._outbox, self._store)
        return Differences(
            missing=tuple(user_id for each in mended for user_id in each.missing),
            extra=tuple(user_id for each in mended for user_id in each.extra),
            stale=tuple(user_id for each in mended for user_id in each.stale),
        )

    def _mend(self, some: Sequence[UserId], unit: Unit) -> Differences:
        """Look at a few people again, now that nobody else writes, and mend what is still wrong."""
        waiting = self._outbox.get(some)
        known = {user_id: person for user_id, person in self._store.get(some).items() if user_id not in waiting}
        known |= {user_id: row.person for user_id, row in waiting.items() if row.person is not None}
        people = {person.user_id: person for person in findable(list(known.values()))}
        found = {user_id: str(point.payload.get(CONTENT, "")) for user_id, point in unit.index.get(some).items()}
        wrong = differences({user_id: fingerprint(person) for user_id, person in people.items()}, found)
        if wrong.extra:
            for user_id in wrong.extra:
                if user_id not in known:  # for the tombstones, by which their bytes are erased, too
                    self._outbox.remove(user_id)
            unit.index.delete([point_id(user_id) for user_id in wrong.extra])
        anew = [people[user_id] for user_id in (*wrong.missing, *wrong.stale)]
        if anew:
            unit.index.upsert(vectors_of(anew, unit.embedder))
        return wrong


def _batches(ids: Sequence[UserId]) -> Iterator[list[UserId]]:
    rest = iter(ids)
    while batch := list(islice(rest, _BATCH)):
        yield batch
