"""Listening: the compact form of a profile that the feature store keeps, and from which views are drawn.

Pure data and pure functions. No vectors here (``features.vectors``) and no stores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from statistics import median_low

Row = tuple[str, float, int | None]
"""An artist in one playlist: name, weight, release year."""


@dataclass(frozen=True, slots=True)
class PlaylistListening:
    """What one playlist holds, artist by artist, each artist once; by columns, since most questions are about one.

    Attributes:
        name: the playlist's name, may be empty.
        artists: names.
        weights: of each artist, the plays where known, else the number of tracks (> 0).
        years: of each artist, the median release year, None where unknown.

    Raises:
        ValueError: the columns are not of one length.
    """

    name: str
    artists: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    years: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.artists) == len(self.weights) == len(self.years):
            raise ValueError("the columns of a playlist are of different lengths")

    def rows(self) -> Iterator[Row]:
        """Artist by artist."""
        return zip(self.artists, self.weights, self.years, strict=True)

    def only(self, artists: Container[str]) -> PlaylistListening:
        """The part that holds just ``artists``."""
        keep = [artist in artists for artist in self.artists]
        return PlaylistListening(
            self.name,
            tuple(compress(self.artists, keep)),
            tuple(compress(self.weights, keep)),
            tuple(compress(self.years, keep)),
        )


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

    @property
    def artists(self) -> set[str]:
        """Names of all artists."""
        return set().union(*(playlist.artists for playlist in self.playlists))

    @property
    def dated_artists(self) -> set[str]:
        """Names of the artists with a release year."""
        return {
            artist
            for playlist in self.playlists
            for artist, year in zip(playlist.artists, playlist.years, strict=True)
            if year is not None
        }

    def artist_weights(self) -> dict[str, float]:
        """Artist -> weight summed over playlists, the heaviest first (ties by name)."""
        total: defaultdict[str, float] = defaultdict(float)
        for playlist in self.playlists:
            for artist, weight in zip(playlist.artists, playlist.weights, strict=True):
                total[artist] += weight
        return _heaviest_first(total)

    def genre_weights(self, artists: Mapping[str, float] | None = None) -> dict[str, float]:
        """Genre -> summed weight of its artists, the heaviest first (ties by name).

        Args:
            artists: what ``artist_weights`` tells, where it is at hand.
        """
        total: defaultdict[str, float] = defaultdict(float)
        for artist, weight in (self.artist_weights() if artists is None else artists).items():
            for genre in self.genres.get(artist, ()):
                total[genre] += weight
        return _heaviest_first(total)


def _heaviest_first(total: Mapping[str, float]) -> dict[str, float]:
    by_name = sorted(total.items())  # no two names are the same, so weights are never looked at here
    return dict(sorted(by_name, key=itemgetter(1), reverse=True))


def median_year(years: Sequence[int]) -> int | None:
    """The low median, so that it is a year that was told; None for no years."""
    if len(years) < 2:  # nearly always, and the library takes its time to find that out
        return years[0] if years else None
    return median_low(years)
