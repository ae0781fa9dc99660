"""A deadline and a circuit breaker around the calls of one store, and the feature store and catalogue behind it.

A call that takes too long is left behind in its thread, of which there are few: when all of them hang, the next
callers learn it at their own deadline, and soon the breaker answers for the store at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from circuitbreaker import CircuitBreaker

from features.errors import StoreError
from features.ports import ArtistCatalog, ArtistFacts, FeatureStore, Upserted
from features.profile import UserId
from features.user_features import UserFeatures

_Answer = TypeVar("_Answer")
_MEND = "Ask again in a moment; /readyz tells how the stores are."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and when to stop asking.

    Attributes:
        deadline_s: seconds that a call may take.
        failures: after so many in a row, calls are refused at once.
        reopen_s: seconds until one is tried again.
    """

    deadline_s: float = 2.0
    failures: int = 5
    reopen_s: float = 2.0


class Guard:
    """Calls with a deadline, behind a breaker."""

    def __init__(self, what: str, patience: Patience, *, at_once: int = 4) -> None:
        """``what`` is guarded, in words, such as ``feature store``; ``at_once``: calls in their threads at most."""
        self._what, self._patience = what, patience
        self._breaker = CircuitBreaker(patience.failures, patience.reopen_s, StoreError, name=what)
        self._places = threading.BoundedSemaphore(at_once)

    @property
    def is_open(self) -> bool:
        """Whether calls are refused at once."""
        return bool(self._breaker.opened)

    def call(self, work: Callable[[], _Answer]) -> _Answer:
        """Do ``work`` in time.

        Raises:
            StoreError: it took too long, or the breaker is open. And what ``work`` raises.
        """
        if self.is_open:
            raise StoreError(f"The {self._what} has not answered for a while.", _MEND)
        with self._breaker:
            until = time.monotonic() + self._patience.deadline_s
            if not self._places.acquire(timeout=self._patience.deadline_s):
                raise self._too_late()
            answer: Future[_Answer] = Future()
            # Not of a pool: those are waited for when the program ends, and one that hangs would never let it.
            threading.Thread(target=self._do, args=(work, answer), name=self._what, daemon=True).start()
            try:
                return answer.result(until - time.monotonic())
            except TimeoutError:
                raise self._too_late() from None

    def _do(self, work: Callable[[], _Answer], answer: Future[_Answer]) -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it belongs to who asked
            answer.set_exception(error)
        finally:
            self._places.release()

    def _too_late(self) -> StoreError:
        return StoreError(f"The {self._what} did not answer within {self._patience.deadline_s:g} s.", _MEND)


class GuardedStore:
    """FeatureStore whose every call has a deadline; a scan has one for each batch."""

    def __init__(self, store: FeatureStore, guard: Guard) -> None:
        self._store, self._guard = store, guard

    def upsert(self, people: Sequence[UserFeatures], *, anew: bool = False) -> Upserted:
        """Write all of ``people`` in one transaction; with ``anew`` the unchanged are stamped, too."""
        return self._guard.call(lambda: self._store.upsert(people, anew=anew))

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, UserFeatures]:
        """Those of ``user_ids`` who are known."""
        return self._guard.call(lambda: self._store.get(user_ids))

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        """Everybody, or those written at or after ``since``, in batches."""
        batches = self._store.scan(since=since, batch_size=batch_size)
        while (batch := self._guard.call(lambda: next(batches, None))) is not None:
            yield batch

    def delete(self, user_ids: Iterable[UserId]) -> int:
        """Delete and leave tombstones; returns how many were known."""
        named = list(user_ids)
        return self._guard.call(lambda: self._store.delete(named))

    def deleted(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people deleted at or after ``since`` who have not come back."""
        return self._guard.call(lambda: self._store.deleted(since=since))

    def departed(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people who left at or after ``since``, also of those who have come back."""
        return self._guard.call(lambda: self._store.departed(since=since))

    def count(self) -> int:
        """Number of people."""
        return self._guard.call(self._store.count)

    def last_change(self) -> datetime | None:
        """When somebody was last written or deleted."""
        return self._guard.call(self._store.last_change)


class GuardedCatalog:
    """ArtistCatalog that knows nothing while its store is down: answers then state a lower coverage."""

    def __init__(self, catalog: ArtistCatalog, guard: Guard) -> None:
        self._catalog, self._guard = catalog, guard

    def facts(self, artists: Iterable[str]) -> Mapping[str, ArtistFacts]:
        """Facts on those of ``artists`` that are known; of none where the store does not answer."""
        named = set(artists)
        try:
            return self._guard.call(lambda: self._catalog.facts(named))
        except StoreError:
            return {}

    def popularity(self) -> tuple[dict[str, int], dict[str, int]]:
        """Number of people per artist, and per genre. Raises StoreError."""
        return self._guard.call(self._catalog.popularity)
