"""From a TasteProfile to its Listening: spelling, weights, limits, and what the community knows filled in.

Pure functions. Text vectors and statistics are made of a Listening in ``features.vectors``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from features.identity import artist_key
from features.listening import Listening, PlaylistListening, median_year
from features.profile import Playlist, TasteProfile

if TYPE_CHECKING:  # a process that only reads needs no numpy, and starts in half the time
    from features.ports import ArtistFacts


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a profile to use: the heaviest artists and the first playlists; None means all."""

    top_artists: int | None = None
    playlists: int | None = None


NO_LIMITS = Limits()


def listening_of(profile: TasteProfile, limits: Limits = NO_LIMITS) -> Listening:
    """Compact a profile: each artist once per playlist, under the first spelling this person's profile uses.

    A track weighs its plays where known (at least 1), else 1; the same titled track twice in one playlist counts
    once. An artist's year is the median of the tracks'. Playlists without tracks are dropped.
    """
    spelling = _Spelling()
    genres: dict[str, tuple[str, ...]] = {}
    playlists = []
    for playlist in profile.playlists[: limits.playlists]:
        compacted = _compacted(playlist, spelling, genres)
        if compacted.artists:
            playlists.append(compacted)
    listening = Listening(tuple(playlists), genres)
    return listening if limits.top_artists is None else only_heaviest(listening, limits.top_artists)


class _Spelling(dict[str, str]):
    """A name as written -> the first spelling of the same artist in this profile; empty for a blank name."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[str, str] = {"": ""}

    def __missing__(self, name: str) -> str:
        self[name] = first = self._first.setdefault(artist_key(name), name)
        return first


def _compacted(playlist: Playlist, spelling: _Spelling, genres: dict[str, tuple[str, ...]]) -> PlaylistListening:
    weight: dict[str, float] = {}
    years: dict[str, list[int]] = {}
    seen: set[tuple[str, str]] = set()
    for track in playlist.tracks:
        artist = spelling[track.artist]
        if not artist or (track.title and _is_repeated((artist, track.title), seen)):
            continue
        weight[artist] = weight.get(artist, 0.0) + (track.plays or 1)
        if track.release_year is not None:
            years.setdefault(artist, []).append(track.release_year)
        if artist not in genres and track.genres:
            genres[artist] = _genre_keys(track.genres)
    medians = tuple([median_year(years.get(artist, ())) for artist in weight])
    return PlaylistListening(" ".join(playlist.name.split()), tuple(weight), tuple(weight.values()), medians)


@lru_cache(maxsize=50_000)
def _genre_keys(genres: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(artist_key, genres))))


def _is_repeated(track: tuple[str, str], seen: set[tuple[str, str]]) -> bool:
    if track in seen:
        return True
    seen.add(track)
    return False


def only_heaviest(listening: Listening, count: int) -> Listening:
    """The part of a listening that its ``count`` heaviest artists make up."""
    return only_artists(listening, frozenset(list(listening.artist_weights())[:count]))


def only_artists(listening: Listening, artists: frozenset[str]) -> Listening:
    """The part of a listening that holds just ``artists``; playlists left empty are dropped."""
    kept = (playlist.only(artists) for playlist in listening.playlists)
    return replace(
        listening,
        playlists=tuple(playlist for playlist in kept if playlist.artists),
        genres={artist: found for artist, found in listening.genres.items() if artist in artists},
        filled_genres=listening.filled_genres & artists,
        filled_years=listening.filled_years & artists,
    )


@dataclass(frozen=True, slots=True)
class Gaps:
    """Artists of a listening whose year, or whose genres, the source does not tell."""

    years: frozenset[str]
    genres: frozenset[str]

    @property
    def artists(self) -> frozenset[str]:
        """All of them."""
        return self.years | self.genres


def gaps_of(listening: Listening) -> Gaps:
    """What the source of a listening does not tell."""
    artists = listening.artists
    return Gaps(frozenset(artists - listening.dated_artists), frozenset(artists - listening.genres.keys()))


def as_told(listening: Listening) -> Listening:
    """A listening without what was filled in: just what its source told."""
    playlists = tuple(
        replace(
            playlist,
            years=tuple([None if artist in listening.filled_years else year for artist, _, year in playlist.rows()]),
        )
        for playlist in listening.playlists
    )
    genres = {artist: found for artist, found in listening.genres.items() if artist not in listening.filled_genres}
    return Listening(playlists, genres)


def filled_from(listening: Listening, gaps: Gaps, facts: Mapping[str, ArtistFacts]) -> Listening:
    """Fill a listening's gaps with what the community knows, and remember which were filled."""
    years = {artist: facts[artist].year for artist in gaps.years if artist in facts and facts[artist].year is not None}
    genres = {
        artist: facts[artist].genres for artist in sorted(gaps.genres) if artist in facts and facts[artist].genres
    }
    if not years and not genres:
        return listening
    playlists = tuple(
        replace(playlist, years=tuple([years.get(artist, year) for artist, _, year in playlist.rows()]))
        for playlist in listening.playlists
    )
    return Listening(playlists, {**listening.genres, **genres}, frozenset(genres), frozenset(years))
