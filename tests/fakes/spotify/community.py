"""A world of profiles: all have accounts with public playlists. Made when asked for, so that it starts at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from features.profile import TasteProfile
from features.profile import Track as Heard

from .ids import spotify_id
from .world import TIME_RANGES, Artist, Person, Playlist, Row, Track

MOST_TRACKS_OF_ROW = 5
_TOP, _FOLLOWED, _SAVED = 50, 20, 200


def world_of(profiles: Iterable[TasteProfile]) -> Community:
    """The profiles' people with their playlists as public ones; people without an id get one."""
    return Community(profiles)


class Community:
    """People, playlists and artists of profiles. A row without a title becomes tracks of the artist, more the more it
    was played; the top artists and the library follow from plays as well.
    """

    def __init__(self, profiles: Iterable[TasteProfile]) -> None:
        self._profiles = {
            profile.user_id or spotify_id("person", str(number)): profile for number, profile in enumerate(profiles)
        }
        self._places = {
            _playlist_id(person_id, number): (person_id, number)
            for person_id, profile in self._profiles.items()
            for number in range(len(profile.playlists))
        }
        self._lock = threading.Lock()
        self._made = lru_cache(maxsize=512)(self._make)

    def people(self) -> Sequence[str]:
        return list(self._profiles)

    def person(self, person_id: str) -> Person | None:
        profile = self._profiles.get(person_id)
        if profile is None:
            return None
        top = [Artist(name) for name in _most_played(profile)]
        return Person(
            person_id,
            profile.display_name,
            playlists=[_playlist_id(person_id, number) for number in range(len(profile.playlists))],
            saved=[Row(track) for heard in _heard(profile) for track in _tracks(heard)][:_SAVED],
            top=dict.fromkeys(TIME_RANGES, top[:_TOP]),
            followed=top[:_FOLLOWED],
        )

    def playlist(self, playlist_id: str) -> Playlist | None:
        return self._made(playlist_id) if playlist_id in self._places else None

    def artist(self, artist_id: str) -> Artist | None:
        with self._lock:
            return self._artists.get(artist_id)

    def _make(self, playlist_id: str) -> Playlist:
        person_id, number = self._places[playlist_id]
        found = self._profiles[person_id].playlists[number]
        rows = tuple(Row(track, added_by=person_id) for heard in found.tracks for track in _tracks(heard))
        return Playlist(playlist_id, person_id, found.name, rows)

    @cached_property
    def _artists(self) -> dict[str, Artist]:
        """Everybody who is heard, with all genres that anybody's profile knows, in the order they come."""
        genres: dict[str, dict[str, None]] = {}
        for profile in self._profiles.values():
            for heard in _heard(profile):
                genres.setdefault(heard.artist, {}).update(dict.fromkeys(heard.genres))
        artists = (Artist(name, tuple(known)) for name, known in genres.items())
        return {artist.id: artist for artist in artists}


def _playlist_id(person_id: str, number: int) -> str:
    return spotify_id("playlist", person_id, str(number))


def _heard(profile: TasteProfile) -> Iterator[Heard]:
    return (heard for playlist in profile.playlists for heard in playlist.tracks)


def _most_played(profile: TasteProfile) -> list[str]:
    plays: Counter[str] = Counter()
    for heard in _heard(profile):
        plays[heard.artist] += heard.plays or 1
    return [name for name, _ in plays.most_common()]


def _tracks(heard: Heard) -> list[Track]:
    """One for each digit of the number of plays, where the titles are not known."""
    released = None if heard.release_year is None else str(heard.release_year)
    artists = (Artist(heard.artist, heard.genres),)
    if heard.title:
        return [Track(heard.title, artists, f"{heard.title} and more", released)]
    count = min(len(str(heard.plays or 1)), MOST_TRACKS_OF_ROW)
    return [Track(f"Song {number}", artists, "Songs", released) for number in range(1, count + 1)]
