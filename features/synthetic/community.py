"""A whole synthetic community for a seed. Person ``n`` is the same however many people there are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.profile import TasteProfile, UserId
from features.synthetic.artists import make_artists
from features.synthetic.friends import make_friends
from features.synthetic.people import make_profile, user_id
from features.synthetic.taste import draw_taste


class Community:
    """Invented people and their friendships; nothing is kept, everything comes of the seed."""

    def __init__(self, *, people: int, seed: int) -> None:
        self._people = people
        self._seed = seed

    def profiles(self) -> Iterator[TasteProfile]:
        """Everybody's profile, by user id."""
        artists = make_artists(self._chance("artists"))
        for number in range(self._people):
            yield make_profile(number, artists, self._chance("people", number))

    def friendships(self) -> list[tuple[UserId, UserId]]:
        """Undirected friendships, each once."""
        tastes = [draw_taste(self._chance("people", number)) for number in range(self._people)]
        return [(user_id(one), user_id(other)) for one, other in make_friends(tastes, self._chance("friends"))]

    def _chance(self, *purpose: str | int) -> np.random.Generator:
        """A stream of its own for each purpose, so that no part of the community disturbs another."""
        key = [part if isinstance(part, int) else int.from_bytes(part.encode()[:4]) for part in purpose]
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=key))
