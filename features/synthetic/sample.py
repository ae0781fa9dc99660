"""An invented listener for trying things out, whose artists are those that a community listens to. Pure.

Nobody's listening is copied: artists are drawn by how many people play them, genre by genre.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from features.listening import Listening

_GENRES, _ARTISTS_PER_GENRE = 2, 24
_WELL_KNOWN_GENRES = 24


@dataclass(frozen=True, slots=True)
class Sample:
    """An invented listener: genre -> artists, the dearest first; no artist twice, no genre empty."""

    shelves: dict[str, list[str]]

    @property
    def artists(self) -> list[str]:
        """All artists, the genres taking turns."""
        longest = max(map(len, self.shelves.values()), default=0)
        return [shelf[at] for at in range(longest) for shelf in self.shelves.values() if at < len(shelf)]


def invent_listener(community: Iterable[Listening], rng: np.random.Generator) -> Sample:
    """Somebody who likes two of the community's genres; empty where the community plays nothing."""
    people, genre_of = _popularity(community)
    by_genre: dict[str, list[str]] = {}
    for artist in sorted(people):
        by_genre.setdefault(genre_of.get(artist, ""), []).append(artist)
    known = sorted((genre for genre in by_genre if genre), key=lambda genre: (-len(by_genre[genre]), genre))
    choices = known[:_WELL_KNOWN_GENRES] or list(by_genre)
    picked = rng.permutation(len(choices))[:_GENRES]
    return Sample({choices[at]: _drawn(by_genre[choices[at]], people, rng) for at in picked})


def _popularity(community: Iterable[Listening]) -> tuple[Counter[str], dict[str, str]]:
    people: Counter[str] = Counter()
    genre_of: dict[str, str] = {}
    for listening in community:
        people.update(listening.artist_weights().keys())
        for artist, genres in listening.genres.items():
            if genres:
                genre_of.setdefault(artist, genres[0])
    return people, genre_of


def _drawn(artists: Sequence[str], people: Counter[str], rng: np.random.Generator) -> list[str]:
    share = np.array([people[artist] for artist in artists], np.float64)
    count = min(_ARTISTS_PER_GENRE, len(artists))
    return [artists[at] for at in rng.choice(len(artists), size=count, replace=False, p=share / share.sum())]
