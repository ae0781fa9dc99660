"""When the music of two people was released, side by side, from what the index holds of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from features.user_features import DECADES, FIRST_DECADE
from indexer.payload import Card
from retriever.answers import Decade, Eras, Recommendation, Soundalike


def eras_of(one: Card, other: Card) -> Eras | None:
    """Two people's decades; their overlap is the histogram intersection (Swain and Ballard 1991)."""
    if one.decades is None or other.decades is None:
        return None
    pairs = [*zip(one.decades, other.decades, strict=True)]
    decades = [
        Decade(f"{FIRST_DECADE + 10 * place}s", round(mine, 3), round(theirs, 3))
        for place, (mine, theirs) in zip(range(DECADES), pairs, strict=True)
        if mine or theirs
    ]
    return Eras(min(1.0, round(sum(map(min, pairs)), 3)), tuple(decades))


def with_eras(found: Sequence[Recommendation], asker: Card, cards: Sequence[Card]) -> tuple[Soundalike, ...]:
    """The people that were ``found`` with their eras beside the asker's; ``cards`` are theirs, in the same order."""
    return tuple(Soundalike(**vars(each), eras=eras_of(asker, card)) for each, card in zip(found, cards, strict=True))
