"""How an invented person files what they play: playlists and their names, as people do it. Chance only, no taste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from features.profile import Playlist, Track
from features.synthetic import words
from features.synthetic.artists import Artists
from features.synthetic.scenes import SCENES

_MOST_PLAYED = "Most played"


@dataclass(frozen=True, slots=True)
class Habits:
    """What this person's account tells, and how they use it."""

    count: int
    plays: bool
    names: bool
    genres: bool
    years: bool


def draw_habits(rng: np.random.Generator) -> Habits:
    """Most accounts tell everything; some tell no genres, no years, no names, or have a single playlist."""
    lonely = rng.random() < 0.15
    return Habits(
        count=1 if lonely else 1 + int(rng.geometric(0.25)),
        plays=bool(rng.random() < 0.7),
        names=bool(rng.random() < 0.95),
        genres=bool(rng.random() < 0.93),
        years=bool(rng.random() < 0.93),
    )


class Shelf:
    """Turns one person's artists and their plays into playlists."""

    def __init__(self, artists: Artists, habits: Habits, rng: np.random.Generator) -> None:
        self._artists = artists
        self._habits = habits
        self._rng = rng

    def playlists(self, plays: dict[int, int]) -> tuple[Playlist, ...]:
        """Playlists that hold every artist of ``plays`` (index -> plays, the dearest first) at least once."""
        found = [self._most_played(plays)] if self._habits.plays else []
        wanted = self._habits.count - len(found)
        for name, members in self._groups(list(plays)):
            if len(found) >= wanted + int(self._habits.plays):
                break
            found.append(self._playlist(name, members))
        if not self._habits.plays:
            found = self._with_everybody(found, list(plays))
        return tuple(found)

    def _with_everybody(self, found: list[Playlist], members: list[int]) -> list[Playlist]:
        filed = {track.artist for playlist in found for track in playlist.tracks}
        rest = [member for member in members if self._artists.name[member] not in filed]
        return [*found, self._playlist(self._silly(), rest)] if rest else found

    def _groups(self, members: list[int]) -> Iterator[tuple[str, list[int]]]:
        """Endless ideas for playlists: a scene, a decade, a mood, or something silly."""
        while True:
            idea = self._rng.random()
            centre = members[int(self._rng.integers(len(members)))]
            if idea < 0.4:
                yield self._of_scene(members, int(self._artists.scene[centre]))
            elif idea < 0.55:
                yield self._of_decade(members, int(self._artists.year[centre]) // 10 * 10)
            else:
                yield self._mood() if idea < 0.8 else self._silly(), self._some(members)

    def _of_scene(self, members: Sequence[int], scene: int) -> tuple[str, list[int]]:
        genre = SCENES[scene].genres[int(self._rng.integers(len(SCENES[scene].genres)))]
        name = self._one((genre, genre.title(), f"{genre} essentials", f"best of {genre}", f"my {genre}"))
        return name, [member for member in members if self._artists.scene[member] == scene]

    def _of_decade(self, members: Sequence[int], decade: int) -> tuple[str, list[int]]:
        short = f"{decade % 100:02d}s"
        name = self._one((short, f"{decade}s", f"best of the {short}", f"{decade + int(self._rng.integers(10))}"))
        return name, [member for member in members if self._artists.year[member] // 10 * 10 == decade]

    def _some(self, members: Sequence[int]) -> list[int]:
        share = self._rng.uniform(0.1, 0.4)
        return [member for member in members if self._rng.random() < share] or list(members[:3])

    def _mood(self) -> str:
        return self._one(words.MOODS) + self._one(words.MOOD_TAILS)

    def _silly(self) -> str:
        return self._one(words.SILLY_NAMES)

    def _one(self, table: Sequence[str]) -> str:
        return table[int(self._rng.integers(len(table)))]

    def _most_played(self, plays: dict[int, int]) -> Playlist:
        tracks = (
            self._track(artist, year=int(self._artists.year[artist]), plays=count)
            for artist, count in islice(plays.items(), 50)
        )
        return Playlist(name=self._named(_MOST_PLAYED), tracks=tuple(tracks))

    def _playlist(self, name: str, members: Sequence[int]) -> Playlist:
        counts = np.minimum(self._rng.geometric(0.7, size=len(members)), 4).tolist()
        tracks = (
            self._track(artist, title=song.title, year=song.year)
            for artist, count in zip(members, counts, strict=True)
            for song in self._artists.songs[artist][:count]
        )
        return Playlist(name=self._named(name), tracks=tuple(tracks))

    def _named(self, name: str) -> str:
        return name if self._habits.names else ""

    def _track(self, artist: int, *, year: int | None, title: str | None = None, plays: int | None = None) -> Track:
        return Track(
            artist=self._artists.name[artist],
            title=title,
            genres=self._artists.genres[artist] if self._habits.genres else (),
            release_year=year if self._habits.years else None,
            plays=plays,
        )
