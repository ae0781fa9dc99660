"""People as training goes through them: in batches from the feature store, as often as needed, never all in memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from features.identity import point_id
from features.ports import Changes
from features.provenance import for_training
from features.user_features import UserFeatures

Thing = TypeVar("Thing")


class Stored:
    """Everybody in a feature store whom a model may be trained and proven on, by user id."""

    def __init__(self, store: Changes, *, with_spotify_api: bool) -> None:
        self._store, self._with_spotify_api = store, with_spotify_api

    def __iter__(self) -> Iterator[UserFeatures]:
        for batch in self._store.scan():
            yield from for_training(batch, with_spotify_api=self._with_spotify_api)


class Kept:
    """Those of some people for whom ``keep`` holds, each time they are gone through."""

    def __init__(self, people: Iterable[UserFeatures], keep: Callable[[UserFeatures], bool]) -> None:
        self._people, self._keep = people, keep

    def __iter__(self) -> Iterator[UserFeatures]:
        return filter(self._keep, self._people)


class Sample(Generic[Thing]):
    """A uniform sample of a stream: the things with the smallest hashes, the same in any order (bottom-k)."""

    def __init__(self, size: int) -> None:
        self._size, self._seen = size, 0
        self._kept: list[tuple[int, int, Thing]] = []

    def add(self, hashed: int, thing: Thing) -> None:
        """One more; where there is no room, the one with the largest hash goes."""
        entry = (-hashed, self._seen, thing)  # the number, as things cannot be compared
        self._seen += 1
        if len(self._kept) < self._size:
            heapq.heappush(self._kept, entry)
        elif entry > self._kept[0]:
            heapq.heapreplace(self._kept, entry)

    def things(self) -> list[Thing]:
        """Those that are kept, by their hashes, so that the first few are a sample, too."""
        return [thing for _, _, thing in sorted(self._kept, reverse=True)]


def some_of(people: Iterable[UserFeatures], share: float) -> Kept:
    """About that share of people, always the same ones: those with the smallest hashes, as in :func:`sampled`."""
    return Kept(people, lambda person: point_id(person.user_id).int < share * 2**128)


def sampled(people: Iterable[UserFeatures], most: int) -> list[UserFeatures]:
    """All people, by user id, or a sample of them where they are more than ``most``; always the same one."""
    sample = Sample[UserFeatures](most)
    for person in people:
        sample.add(point_id(person.user_id).int, person)
    return sorted(sample.things(), key=lambda person: person.user_id)
