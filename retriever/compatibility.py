"""How two people fit, from what the index holds of them: one score, the same from both sides, and the reasons. Pure.

The score is the cosine, as searches rank by it, so that no list and no score contradict each other; it needs no
community to be measured against. What it means among the people of an index is told by the percentile beside it.
"""

from __future__ import annotations

import numpy as np

from indexer.payload import Card, unpack
from indexer.ports import IndexVersion, Neighbour, PersonVector
from indexer.terms import numbers
from retriever.answers_compatibility import Compatibility, Side
from retriever.eras import eras_of
from retriever.explain import Asker, Yardstick

ONLY = 5
"""Artists named of each side that the other lacks."""


def compatibility(one: PersonVector, other: PersonVector, version: IndexVersion, yardstick: Yardstick) -> Compatibility:
    """Compare two people.

    Args:
        one: whose spelling is used.
        other: of the same index.
        version: the index that both are of.
        yardstick: the community they stand in.
    """
    mine, theirs = unpack(one.payload), unpack(other.payload)
    cosine = float(np.einsum("w,w", one.vector, other.vector).clip(-1, 1))  # commutes to the last bit
    (found,) = Asker(mine, yardstick).compare([(Neighbour(other.user_id, cosine, other.payload), theirs)])
    return Compatibility(
        model_version=version.model_version,
        index=version.name,
        one=_side(one, mine, theirs),
        other=_side(other, theirs, mine),
        score=round(100 * max(0.0, cosine), 1),
        similarity=found.similarity,
        percentile=found.percentile,
        confidence=found.confidence,
        towers=found.towers,
        shared_artists=found.shared_artists,
        shared_genres=found.shared_genres,
        eras=eras_of(mine, theirs),
    )


def _side(person: PersonVector, card: Card, other: Card) -> Side:
    artists = card.artists
    theirs = set(numbers(other.ids).tolist())
    only = [name for name, number in zip(artists, numbers(card.ids).tolist(), strict=False) if number not in theirs]
    return Side(person.user_id, card.display_name, card.profile_url, tuple(only[:ONLY]))
