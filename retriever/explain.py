"""Why two people are alike: what they share, rarest first, and how alike they are by part of their taste. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.identity import artist_key
from indexer.payload import Card
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
    quantiles: npt.NDArray[np.float64]
    max_reasons: int


class Asker:
    """One side of every comparison in an answer, prepared once."""

    def __init__(self, card: Card, yardstick: Yardstick) -> None:
        self._towers = card.towers
        self._artists = {artist_key(artist): artist for artist in card.artists}
        self._genres = frozenset(card.genres)
        self._yardstick = yardstick

    def compare(self, neighbour: Neighbour, card: Card) -> Recommendation:
        """The neighbour as a recommendation, with the reasons; artists in the asker's spelling."""
        rarity, most = self._yardstick.rarity, self._yardstick.max_reasons
        artists = self._artists.keys() & map(artist_key, card.artists)
        return Recommendation(
            user_id=neighbour.user_id,
            display_name=card.display_name,
            profile_url=card.profile_url,
            similarity=round(neighbour.similarity, 6),
            percentile=percentile(neighbour.similarity, self._yardstick.quantiles),
            shared_artists=tuple(self._artists[key] for key in rarest(artists, rarity.artists)[:most]),
            shared_genres=tuple(rarest(self._genres.intersection(card.genres), rarity.genres)[:most]),
            towers=tower_cosines(self._towers, card.towers),
        )


def rarest(shared: Iterable[str], people: Mapping[str, int]) -> list[str]:
    """Sort by the number of ``people`` who listen, fewest first (unknown is rarest), ties by name."""
    return sorted(shared, key=lambda name: (people.get(name, 0), name))


def percentile(similarity: float, quantiles: npt.NDArray[np.float64]) -> float | None:
    """Share of random pairs, in percent, that are at most this alike; None where no pair was ever measured."""
    if not quantiles.size:
        return None
    return round(100.0 * int(quantiles.searchsorted(similarity, side="right")) / quantiles.size, 1)


def tower_cosines(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> Towers:
    """Cosine by tower; ``one`` and ``other`` are [3, tower_width] with unit rows, or zero rows for missing parts."""
    cosines = np.einsum("tw,tw->t", one, other).tolist()
    present: list[bool] = np.logical_and(one.any(axis=1), other.any(axis=1)).tolist()
    return Towers(*(round(cosine, 4) if there else None for cosine, there in zip(cosines, present, strict=True)))


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
        keys = {artist_key(artist): artist for artist in card.artists}
        votes.append((neighbour.similarity, list(keys)))
        for key, artist in keys.items():
            spelling.setdefault(key, artist)
            people[key] = people.get(key, 0) + 1
    ranked = recommend_artists(votes, known, limit)
    return tuple(Discovery(spelling[key], round(score, 4), people[key]) for key, score in ranked)
