"""Several people's cards as one: what a question that nobody in particular asks has in common with others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

import numpy as np
import numpy.typing as npt

from indexer.payload import MAX_ARTISTS, MAX_GENRES, Card, taste, towers_of, unpack
from indexer.terms import LENGTH


def combined(cards: Sequence[Card]) -> Card:
    """The card of somebody who has what all of ``cards`` have; of each the heaviest first, in turn.

    Args:
        cards: at least one, of one index. The card of one alone says the same as that one.
    """
    artists = dict(_in_turn([_named(card)[0] for card in cards])[:MAX_ARTISTS])
    genres = dict(_in_turn([_named(card)[1] for card in cards])[:MAX_GENRES])
    own = taste(artists.values(), genres.values(), "".join([*artists, *genres]), _mean(towers_of(cards)))
    return unpack({**own, "artist_count": max(len(artists), *[card.artist_count for card in cards])})


def _named(card: Card) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Ids and names of a card's artists, and of its genres."""
    artists, genres = card.artists, card.genres
    ids = [card.ids[start : start + LENGTH] for start in range(0, len(card.ids), LENGTH)]
    return [*zip(ids, artists, strict=False)], [*zip(ids[len(artists) :], genres, strict=True)]


def _in_turn(lists: Iterable[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """The first of each list, then the second of each; each id once, as it is spelt first."""
    once: dict[str, str] = {}
    for pair in chain.from_iterable(zip_longest(*lists)):
        if pair is not None:
            once.setdefault(*pair)
    return [*once.items()]


def _mean(towers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """float32 [3, tower_width]: the unit mean by tower of those who have that part; zero where none has.

    ``towers``: float32 [n, 3, tower_width], rows of one length, or zero.
    """
    total = towers.sum(axis=0)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
