"""Which artists the nearest people recommend: a weighted vote. Pure; evaluation and service share it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import log2, sqrt
from typing import TypeVar

_Artist = TypeVar("_Artist", str, int)

SHARPNESS = 5.0
"""Power of the similarity in a vote: a sharp one, so that the nearest count most and hubs drown nobody."""


def recommend_artists(
    neighbours: Iterable[tuple[float, Sequence[_Artist]]], known: Collection[_Artist], limit: int
) -> list[tuple[_Artist, float]]:
    """Rank the artists of similar people that the asker does not have.

    Args:
        neighbours: (similarity, artists by key or id, the heaviest first) per similar person. Each artist gets
            ``max(similarity, 0) ** SHARPNESS / sqrt(log2(rank + 2))``: a milder discount than DCG's (Järvelin &
            Kekäläinen 2002), since a person's tenth artist is nearly as much theirs as the first.
        known: artists that the asker has.
        limit: how many to return.

    Returns:
        (artist, score), best first, ties by key or id.
    """
    score: dict[_Artist, float] = {}
    for similarity, artists in neighbours:
        vote = max(similarity, 0.0) ** SHARPNESS
        for rank, artist in enumerate(artists):
            if artist not in known:
                score[artist] = score.get(artist, 0.0) + vote / sqrt(log2(rank + 2))
    return sorted(score.items(), key=lambda item: (-item[1], item[0]))[:limit]
