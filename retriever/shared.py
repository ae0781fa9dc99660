"""What an asker shares with others: ids are compared, from the asker's rarest on, and few names are read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from indexer.payload import Card
from indexer.terms import numbers


class Shared(NamedTuple):
    """What two people share, rarest first, in the asker's spelling."""

    artists: tuple[str, ...]
    genres: tuple[str, ...]


class Belongings:
    """What an asker listens to, from the rarest on.

    Equally rare ones stand by id, so that both sides of a comparison see them in one order, and no letter leads.
    """

    def __init__(self, card: Card, people: Mapping[int, int]) -> None:
        """``people``: how many listen to an artist or a genre, by ``indexer.terms.numbered``; unknown is rarest."""
        artists, ids = card.artists, numbers(card.ids).tolist()
        heard = [people.get(number, 0) for number in ids]
        split = len(artists)
        self._artists = sorted(zip(heard[:split], ids[:split], artists, strict=True))
        self._genres = sorted(zip(heard[split:], ids[split:], card.genres, strict=True))

    def shared_with(self, others: Sequence[Card], most: int) -> list[Shared]:
        """The rarest ``most`` artists and genres in common with each of ``others``."""
        everybody = [frozenset(numbers(card.ids).tolist()) for card in others]
        return [Shared(_first(self._artists, ids, most), _first(self._genres, ids, most)) for ids in everybody]


def _first(ranked: Iterable[tuple[int, int, str]], ids: frozenset[int], most: int) -> tuple[str, ...]:
    return tuple(islice((name for _, number, name in ranked if number in ids), most))
