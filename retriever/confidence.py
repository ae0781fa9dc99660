"""How far a similarity can be trusted: little, where little is known of either of the two people. Pure."""

from __future__ import annotations

from trainer.ports import TOWERS

_EVEN_AT = 10
"""Artists with which a person is as likely recognised as not."""


def own_confidence(artists: int, parts: int) -> float:
    """How far a person's place among the others can be trusted, from 0 to 1.

    n artists give n / (n + 10). Of real listeners, one half of a person of n artists finds the other half among the ten
    nearest people with a chance that this roughly follows:

    ======== ====== ============
    n        chance n / (n + 10)
    ======== ====== ============
    5 to 10  .31    .43
    10 to 20 .52    .60
    20 to 30 .82    .71
    above 60 .93    .9
    ======== ====== ============

    A missing part takes a ninth of it away: the other towers still tell much, so it is lowered, never destroyed.

    Args:
        artists: how many the person listens to.
        parts: how many of the three towers (genre, artist, playlist) the person has.
    """
    return artists / (artists + _EVEN_AT) * (2 + parts / len(TOWERS)) / 3


def pair_confidence(one: float, other: float) -> float:
    """Of two people's own confidences the lower, so that it is the same from both sides."""
    return round(min(one, other), 4)
