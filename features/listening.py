"""Listening: the compact form of a profile that the feature store keeps, and from which views are drawn.

Pure data and pure functions. No vectors here (``features.vectors``) and no stores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ArtistWeight:
    """An artist in one playlist: ``weight`` is plays where known, else the number of tracks (> 0)."""

    artist: str
    weight: float
    year: int | None = None


@dataclass(frozen=True, slots=True)
class PlaylistListening:
    """What one playlist holds, artist by artist, each artist once."""

    name: str
    artists: tuple[ArtistWeight, ...]


@dataclass(frozen=True, slots=True)
class Listening:
    """A person's listening, or a view (a part) of it.

    Attributes:
        playlists: the playlists, each with its artists.
        genres: artist name (as in ``playlists``) -> genres, lower case, the most fitting first.
        filled_genres: artists whose genres came from the community's catalogue, not from the source.
        filled_years: artists whose years came from the community's catalogue, not from the source.
    """

    playlists: tuple[PlaylistListening, ...]
    genres: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filled_genres: frozenset[str] = frozenset()
    filled_years: frozenset[str] = frozenset()

    def artist_weights(self) -> dict[str, float]:
        """Artist -> weight summed over playlists, the heaviest first (ties by name)."""
        total: dict[str, float] = {}
        for playlist in self.playlists:
            for entry in playlist.artists:
                total[entry.artist] = total.get(entry.artist, 0.0) + entry.weight
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

    def genre_weights(self) -> dict[str, float]:
        """Genre -> summed weight of its artists, the heaviest first (ties by name)."""
        total: dict[str, float] = {}
        for artist, weight in self.artist_weights().items():
            for genre in self.genres.get(artist, ()):
                total[genre] = total.get(genre, 0.0) + weight
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
