"""Why two people are alike: what they share, rarest first, and how alike they are by part of their taste. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from indexer.payload import Card, towers_of
from indexer.ports import Neighbour
from retriever.answers import Discovery, Recommendation, Towers
from trainer.votes import recommend_artists


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many people listen to an artist (by ``artist_key``), and to a genre."""

    artists: Mapping[str, int]
    genres: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a pair of people is measured against: the community they stand in."""

    rarity: Rarity
    quantiles: Sequence[float]
    max_reasons: int


class _Ranked:
    """What the asker has of one kind, rarest first, so that shared ones are found in that order."""

    def __init__(self, names: Mapping[str, str], people: Mapping[str, int]) -> None:
        """``names``: key -> how the asker spells it; ``people``: how many have each key."""
        order = rarest(names, people)
        self._names = [names[key] for key in order]
        self._rank = {key: rank for rank, key in enumerate(order)}
        self._keys = frozenset(order)

    def shared(self, keys: Iterable[str], most: int) -> tuple[str, ...]:
        """The rarest ``most`` of ``keys`` that the asker has, too."""
        # In C throughout: an answer asks this for two kinds and every neighbour.
        ranks = sorted(map(self._rank.__getitem__, self._keys.intersection(keys)))
        return tuple([self._names[rank] for rank in ranks[:most]])


class Asker:
    """One side of every comparison in an answer, prepared once."""

    def __init__(self, card: Card, yardstick: Yardstick) -> None:
        self._card, self._yardstick = card, yardstick
        self._artists = _Ranked(dict(zip(card.artist_keys, card.artists, strict=True)), yardstick.rarity.artists)
        self._genres = _Ranked({genre: genre for genre in card.genres}, yardstick.rarity.genres)

    def compare(self, near: Sequence[tuple[Neighbour, Card]]) -> tuple[Recommendation, ...]:
        """The neighbours as recommendations, with the reasons; artists in the asker's spelling."""
        towers = tower_cosines(self._card, [card for _, card in near])
        return tuple(
            self._recommendation(neighbour, card, each) for (neighbour, card), each in zip(near, towers, strict=True)
        )

    def _recommendation(self, neighbour: Neighbour, card: Card, towers: Towers) -> Recommendation:
        most = self._yardstick.max_reasons
        return Recommendation(
            user_id=neighbour.user_id,
            display_name=card.display_name,
            profile_url=card.profile_url,
            similarity=round(neighbour.similarity, 6),
            percentile=percentile(neighbour.similarity, self._yardstick.quantiles),
            shared_artists=self._artists.shared(card.artist_keys, most),
            shared_genres=self._genres.shared(card.genres, most),
            towers=towers,
        )


def rarest(shared: Iterable[str], people: Mapping[str, int]) -> list[str]:
    """Sort by the number of ``people`` who listen, fewest first (unknown is rarest), ties by name."""
    return sorted(sorted(shared), key=lambda name: people.get(name, 0))


def percentile(similarity: float, quantiles: Sequence[float]) -> float | None:
    """Share of random pairs, in percent, that are at most this alike; None where no pair was ever measured."""
    if not quantiles:
        return None
    return round(100.0 * bisect_right(quantiles, similarity) / len(quantiles), 1)


def tower_cosines(one: Card, others: Sequence[Card]) -> list[Towers]:
    """Cosine by tower of one person and each of the others; None for a part that one of the two lacks."""
    towers = towers_of([one, *others])
    products = np.einsum("tw,ntw->nt", towers[0], towers)
    squares = np.einsum("ntw,ntw->nt", towers, towers)
    lengths = np.sqrt(squares * squares[0])
    cosines = np.divide(products, lengths, out=np.full_like(products, np.nan), where=lengths > 0).round(4)
    return [Towers(*[None if isnan(cosine) else cosine for cosine in row]) for row in cosines[1:].tolist()]


def discoveries(near: Sequence[tuple[Neighbour, Card]], known: frozenset[str], limit: int) -> tuple[Discovery, ...]:
    """Artists that the nearest people love and the asker lacks; spelt as the nearest of them spells it.

    Args:
        near: the nearest people, most similar first.
        known: artist keys that the asker has.
        limit: how many to return.
    """
    spelling: dict[str, str] = {}
    people: dict[str, int] = {}
    votes = []
    for neighbour, card in near:
        keys = dict(zip(card.artist_keys, card.artists, strict=True))
        votes.append((neighbour.similarity, list(keys)))
        for key, artist in keys.items():
            spelling.setdefault(key, artist)
            people[key] = people.get(key, 0) + 1
    ranked = recommend_artists(votes, known, limit)
    return tuple(Discovery(spelling[key], round(score, 4), people[key]) for key, score in ranked)
