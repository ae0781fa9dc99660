"""Why two people are alike: what they share, rarest first, and how alike they are by part of their taste. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from indexer.payload import Card, towers_of
from indexer.ports import Neighbour
from indexer.terms import numbers
from retriever.answers import Discovery, Recommendation, Towers
from retriever.confidence import own_confidence, pair_confidence
from retriever.shared import Belongings, Shared
from trainer.votes import recommend_artists


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a pair of people is measured against: the community they stand in.

    Attributes:
        people: how many listen to an artist or a genre, by ``indexer.terms.numbered``.
        quantiles: of the similarity of random pairs.
        max_reasons: most shared artists, and most shared genres, to name.
    """

    people: Mapping[int, int]
    quantiles: Sequence[float]
    max_reasons: int


class Asker:
    """One side of every comparison in an answer, prepared once."""

    def __init__(self, card: Card, yardstick: Yardstick) -> None:
        self._card, self._yardstick = card, yardstick
        self._belongings = Belongings(card, yardstick.people)

    def compare(self, near: Sequence[tuple[Neighbour, Card]]) -> tuple[Recommendation, ...]:
        """The neighbours as recommendations, with the reasons; names in the asker's spelling."""
        cards = [card for _, card in near]
        shared = self._belongings.shared_with(cards, self._yardstick.max_reasons)
        towers, parts = compare_towers(self._card, cards)
        counts = [self._card.artist_count, *[card.artist_count for card in cards]]
        mine, *theirs = map(own_confidence, counts, parts)
        confidences = [pair_confidence(mine, own) for own in theirs]
        return tuple(map(self._recommendation, near, shared, towers, confidences))

    def _recommendation(
        self, near: tuple[Neighbour, Card], shared: Shared, towers: Towers, confidence: float
    ) -> Recommendation:
        neighbour, card = near
        similarity = round(neighbour.similarity, 6)  # as the quantiles are: the same person is 1, whatever the last bit
        return Recommendation(
            user_id=neighbour.user_id,
            display_name=card.display_name,
            profile_url=card.profile_url,
            similarity=similarity,
            percentile=percentile(similarity, self._yardstick.quantiles),
            confidence=confidence,
            shared_artists=shared.artists,
            shared_genres=shared.genres,
            towers=towers,
        )


def percentile(similarity: float, quantiles: Sequence[float]) -> float | None:
    """Share of random pairs, in percent, that are at most this alike; None where no pair was ever measured."""
    if not quantiles:
        return None
    return round(100.0 * bisect_right(quantiles, similarity) / len(quantiles), 1)


def compare_towers(one: Card, others: Sequence[Card]) -> tuple[list[Towers], list[int]]:
    """Cosine by tower of one person and each of the others; None for a part that one of the two lacks.

    Beside it how many parts each person has, ``one`` first: a tower's square is zero where the part is missing.
    """
    towers = towers_of([one, *others])
    products = np.vecdot(towers[0], towers).tolist()
    squares = np.vecdot(towers, towers).tolist()
    mine, *theirs = squares
    cosines = [Towers(*map(_cosine, row, mine, own)) for row, own in zip(products[1:], theirs, strict=True)]
    return cosines, [len(row) - row.count(0) for row in squares]


def _cosine(product: float, square: float, other_square: float) -> float | None:
    return round(product / sqrt(square * other_square), 4) if square and other_square else None


def discoveries(near: Sequence[tuple[Neighbour, Card]], known: frozenset[int], limit: int) -> tuple[Discovery, ...]:
    """Artists that the nearest people love and the asker lacks; spelt as the nearest of them spells it.

    Args:
        near: the nearest people, most similar first.
        known: artists that the asker has, as ``indexer.terms.numbers`` of their ids.
        limit: how many to return.
    """
    spelling: dict[int, str] = {}
    people: dict[int, int] = {}
    votes = []
    for neighbour, card in near:
        artists = card.artists
        ids = numbers(card.ids)[: len(artists)].tolist()
        votes.append((neighbour.similarity, ids))
        for number, artist in zip(ids, artists, strict=True):
            spelling.setdefault(number, artist)
            people[number] = people.get(number, 0) + 1
    ranked = recommend_artists(votes, known, limit)
    return tuple(Discovery(spelling[number], round(score, 4), people[number]) for number, score in ranked)
