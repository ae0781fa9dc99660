"""A world in a few words: ``a_world().with_user("ann").with_playlist("ann", "Sunday", tracks=[a_track("Nico")])``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Self

from .ids import spotify_id
from .things import Genres, an_artist
from .world import Absent, Artist, Item, Person, Playlist, Row, TimeRange, Track


def a_world() -> Builder:
    """A world with nobody in it."""
    return Builder()


class Builder:
    """A world that grows; it is one all the time, also while it is served."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._playlists: dict[str, Playlist] = {}
        self._artists: dict[str, Artist] = {}
        self._settled: set[str] = set()

    def people(self) -> Sequence[str]:
        return list(self._people)

    def person(self, person_id: str) -> Person | None:
        return self._people.get(person_id)

    def playlist(self, playlist_id: str) -> Playlist | None:
        return self._playlists.get(playlist_id)

    def artist(self, artist_id: str) -> Artist | None:
        return self._artists.get(artist_id)

    def playlist_id(self, owner: str | None, name: str) -> str:
        """The id of the first playlist of that name."""
        return next(each.id for each in self._playlists.values() if each.owner == owner and each.name == name)

    def with_user(
        self, person_id: str, *, display_name: str | None = None, images: int = 1, followers: int = 7
    ) -> Self:
        """Somebody new; without a ``display_name`` it is null."""
        self._people[person_id] = Person(person_id, display_name, images, followers)
        return self

    def with_playlist(
        self,
        owner: str,
        name: str | Absent,
        *,
        tracks: Iterable[Item | Row] = (),
        public: bool | None = True,
        collaborators: Iterable[str] = (),
        description: str | None = "",
        images: int | None = 1,
        tells_total: bool = True,
        has_owner: bool = True,
    ) -> Self:
        """A playlist of that person, listed last; ``has_owner=False`` makes the owner all nulls."""
        rows = tuple(each if isinstance(each, Row) else Row(each, added_by=owner) for each in tracks)
        self._learn(rows)
        named = name if isinstance(name, str) else "\0"
        playlist = Playlist(
            id=spotify_id("playlist", owner, named, str(len(self._playlists))),
            owner=owner if has_owner else None,
            name=name,
            rows=rows,
            public=public,
            collaborators=frozenset(collaborators),
            collaborative=bool(collaborators),
            description=description,
            images=images,
            tells_total=tells_total,
        )
        self._playlists[playlist.id] = playlist
        self._people[owner].playlists.append(playlist.id)
        return self

    def following(self, person_id: str, owner: str, name: str) -> Self:
        """A person lists another one's playlist among their own."""
        self._people[person_id].playlists.append(self.playlist_id(owner, name))
        return self

    def with_null_playlists(self, person_id: str, count: int = 1) -> Self:
        """Nulls in the list of a person's playlists, in place of Spotify's own ones."""
        self._people[person_id].playlists.extend([None] * count)
        return self

    def with_saved_tracks(self, person_id: str, tracks: Iterable[Item | Row]) -> Self:
        """Tracks in a person's library."""
        rows = [each if isinstance(each, Row) else Row(each) for each in tracks]
        self._learn(rows)
        self._people[person_id].saved.extend(rows)
        return self

    def with_top_artists(
        self, person_id: str, artists: Iterable[str | Artist], time_range: TimeRange = "medium_term"
    ) -> Self:
        """Whom a person plays most, in that time."""
        self._people[person_id].top[time_range] = self._known(artists)
        return self

    def with_followed_artists(self, person_id: str, artists: Iterable[str | Artist]) -> Self:
        """Whom a person follows."""
        self._people[person_id].followed.extend(self._known(artists))
        return self

    def with_artist(self, name: str, genres: Genres = ()) -> Self:
        """An artist whose genres are just those, whatever tracks say; None is a null, ABSENT leaves them out."""
        artist = an_artist(name, genres)
        self._artists[artist.id] = artist
        self._settled.add(artist.id)
        return self

    def _known(self, artists: Iterable[str | Artist]) -> list[Artist]:
        given = [each if isinstance(each, Artist) else an_artist(each) for each in artists]
        for artist in given:
            self._meet(artist)
        return given

    def _learn(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if isinstance(row.item, Track):
                for artist in (*row.item.artists, *(row.item.album_artists or ())):
                    self._meet(artist)

    def _meet(self, artist: Artist) -> None:
        """Genres that tracks bring are put together."""
        known = self._artists.setdefault(artist.id, artist)
        if artist.id in self._settled:
            return
        if isinstance(known.genres, tuple) and isinstance(artist.genres, tuple):
            genres = tuple(dict.fromkeys((*known.genres, *artist.genres)))
            self._artists[artist.id] = replace(known, genres=genres)
