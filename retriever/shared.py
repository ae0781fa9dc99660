"""What an asker shares with many people, found for all of them at once: ids are compared, and few names are read.

Pure. An array operation on everybody's ids costs little more than on one person's, so there are few of them.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.payload import Card
from indexer.terms import LENGTH, numbers

_GENRES_LAST = 2**40  # more people than there are
_ID_BITS = 64
_SLOT_BITS = 16
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio, odd: Knuth's multiplicative hashing
_WORD = 2**_ID_BITS - 1


class Shared(NamedTuple):
    """What two people share, rarest first, in the asker's spelling."""

    artists: tuple[str, ...]
    genres: tuple[str, ...]


class Belongings:
    """What an asker listens to, ranked from the rarest on: all artists, then all genres; ranks begin at 1."""

    def __init__(self, card: Card, people: Mapping[int, int]) -> None:
        """``people``: how many listen to an artist or a genre, by ``indexer.terms.numbered``; unknown is rarest.

        Equally rare ones stand by id, so that both sides of a comparison see them in one order, and no letter leads.
        """
        artists, genres = card.artists, card.genres
        ids = numbers(card.ids)
        heard = np.array([people.get(number, 0) for number in ids.tolist()], np.int64)
        heard[len(artists) :] += _GENRES_LAST
        order = np.lexsort((ids, heard))
        names = artists + genres
        self._artists = len(artists)
        self._names = ["", *[names[place] for place in order.tolist()]]
        self._rank_of = _Ranks(ids[order])

    def shared_with(self, others: Sequence[Card], most: int) -> list[Shared]:
        """The rarest ``most`` artists and genres in common with each of ``others``."""
        sizes = [len(card.ids) // LENGTH for card in others]
        ranks = self._rank_of(numbers("".join([card.ids for card in others])))
        # Sorted person by person in one go: everybody's ranks are lifted above those of the person before.
        lift = np.repeat(np.arange(len(others)) * len(self._names), sizes)
        by_rank = (np.sort(ranks + lift) - lift).tolist()
        shared, end = [], 0
        for size in sizes:
            start, end = end, end + size
            first = bisect(by_rank, 0, start, end)
            middle = bisect(by_rank, self._artists, first, end)
            artists, genres = by_rank[first : min(middle, first + most)], by_rank[middle : min(end, middle + most)]
            shared.append(Shared(self._named(artists), self._named(genres)))
        return shared

    def _named(self, ranks: list[int]) -> tuple[str, ...]:
        return tuple([self._names[rank] for rank in ranks])


class _Ranks:
    """The place of an id among some, from 1 on: by one look into a table where no two of them fall into one slot."""

    def __init__(self, ids: npt.NDArray[np.uint64]) -> None:
        """``ids``: uint64 [n], n far below 2**_SLOT_BITS."""
        self._ids = np.concatenate([np.zeros(1, np.uint64), ids])
        places = np.arange(1, len(self._ids), dtype=np.int16)
        spread = _SPREAD
        while True:
            self._spread = np.uint64(spread)
            self._table = np.zeros(2**_SLOT_BITS, np.int16)
            slots = self._slots(ids)
            self._table[slots] = places
            if (self._ids[self._table[slots]] == ids).all():
                return
            spread = spread * _SPREAD & _WORD  # odd again: another way to spread them

    def __call__(self, ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.int16]:
        """The place of each of ``ids``, 0 where it is none of ours."""
        place = self._table[self._slots(ids)]
        return place * (self._ids[place] == ids)

    def _slots(self, ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        return (ids * self._spread) >> np.uint64(_ID_BITS - _SLOT_BITS)
