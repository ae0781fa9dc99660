"""From a TasteProfile to its Listening: spelling, weights, limits, and what the community knows filled in.

Pure functions. Text vectors and statistics are made of a Listening in ``features.vectors``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import median_low

from features.identity import artist_key
from features.listening import ArtistWeight, Listening, PlaylistListening
from features.ports import ArtistFacts
from features.profile import Playlist, TasteProfile, Track


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
    spelling: dict[str, str] = {}
    genres: dict[str, tuple[str, ...]] = {}
    playlists = []
    for playlist in profile.playlists[: limits.playlists]:
        artists = _artists_of(playlist, spelling, genres)
        if artists:
            playlists.append(PlaylistListening(" ".join(playlist.name.split()), artists))
    listening = Listening(tuple(playlists), genres)
    return listening if limits.top_artists is None else only_heaviest(listening, limits.top_artists)


def _artists_of(
    playlist: Playlist, spelling: dict[str, str], genres: dict[str, tuple[str, ...]]
) -> tuple[ArtistWeight, ...]:
    weight: dict[str, float] = {}
    years: dict[str, list[int]] = {}
    seen: set[tuple[str, str]] = set()
    for track in playlist.tracks:
        key = artist_key(track.artist)
        if not key or _is_repeated(track, key, seen):
            continue
        artist = spelling.setdefault(key, track.artist)
        weight[artist] = weight.get(artist, 0.0) + (track.plays or 1)
        if track.release_year is not None:
            years.setdefault(artist, []).append(track.release_year)
        if track.genres and artist not in genres:
            genres[artist] = _genre_keys(track.genres)
    return tuple(ArtistWeight(artist, total, _median(years.get(artist))) for artist, total in weight.items())


def _median(years: list[int] | None) -> int | None:
    if years is None:
        return None
    return years[0] if len(years) == 1 else median_low(years)


@lru_cache(maxsize=50_000)
def _genre_keys(genres: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(artist_key, genres))))


def _is_repeated(track: Track, key: str, seen: set[tuple[str, str]]) -> bool:
    if not track.title:
        return False
    identity = (key, track.title)
    if identity in seen:
        return True
    seen.add(identity)
    return False


def only_heaviest(listening: Listening, count: int) -> Listening:
    """The part of a listening that its ``count`` heaviest artists make up."""
    return only_artists(listening, frozenset(list(listening.artist_weights())[:count]))


def only_artists(listening: Listening, artists: frozenset[str]) -> Listening:
    """The part of a listening that holds just ``artists``; playlists left empty are dropped."""
    kept = (
        PlaylistListening(playlist.name, tuple(entry for entry in playlist.artists if entry.artist in artists))
        for playlist in listening.playlists
    )
    return replace(
        listening,
        playlists=tuple(playlist for playlist in kept if playlist.artists),
        genres={artist: found for artist, found in listening.genres.items() if artist in artists},
        filled_genres=listening.filled_genres & artists,
        filled_years=listening.filled_years & artists,
    )


def filled_from(listening: Listening, facts: Mapping[str, ArtistFacts]) -> Listening:
    """Fill genres and years that the source left out with what the community knows, and remember which."""
    known = {artist for artist, found in facts.items() if found.year is not None}
    dated = {entry.artist for playlist in listening.playlists for entry in playlist.artists if entry.year is not None}
    artists = {entry.artist for playlist in listening.playlists for entry in playlist.artists}
    no_year = frozenset((artists - dated) & known)
    no_genre = frozenset(
        artist for artist in artists - listening.genres.keys() if artist in facts and facts[artist].genres
    )
    if not no_year and not no_genre:
        return listening
    playlists = tuple(
        PlaylistListening(
            playlist.name,
            tuple(
                replace(entry, year=facts[entry.artist].year) if entry.artist in no_year else entry
                for entry in playlist.artists
            ),
        )
        for playlist in listening.playlists
    )
    genres = {**listening.genres, **{artist: facts[artist].genres for artist in sorted(no_genre)}}
    return Listening(playlists, genres, no_genre, no_year)


def artists_lacking_facts(listening: Listening) -> set[str]:
    """Artists whose genres or year the source does not tell."""
    artists = {entry.artist for playlist in listening.playlists for entry in playlist.artists}
    dated = {entry.artist for playlist in listening.playlists for entry in playlist.artists if entry.year is not None}
    return (artists - dated) | (artists - listening.genres.keys())
