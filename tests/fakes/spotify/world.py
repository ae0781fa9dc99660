"""What there is on the stand-in's Spotify: people, playlists, tracks, artists. Plain data; how it is told lives in
``shapes``, how a test makes some in ``builder``, how a community of profiles becomes one in ``community``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final, Literal, Protocol, TypeAlias

from .ids import spotify_id


class Missing(Enum):
    """That a key is not there at all, which is another thing than null."""

    ABSENT = "absent"


ABSENT: Final = Missing.ABSENT
Absent: TypeAlias = Literal[Missing.ABSENT]
TimeRange: TypeAlias = Literal["short_term", "medium_term", "long_term"]
TIME_RANGES: Final = ("short_term", "medium_term", "long_term")
ADDED: Final = "2024-05-17T09:30:00Z"


@dataclass(frozen=True)
class Artist:
    """An artist; the id follows from the name."""

    name: str
    genres: tuple[str, ...] | Absent | None = ()
    popularity: int = 50
    followers: int = 12_345

    @cached_property
    def id(self) -> str:
        return spotify_id("artist", self.name)


@dataclass(frozen=True)
class Track:
    """A track of the catalogue; ``released`` is a year, a month, a day, "0000", or not known."""

    title: str
    artists: tuple[Artist, ...]
    album: str
    released: str | None
    album_type: str = "album"
    album_artists: tuple[Artist, ...] | None = None
    """Who made the album, where that is not the track's artists."""
    duration_ms: int = 215_000
    explicit: bool = False

    @cached_property
    def id(self) -> str:
        return spotify_id("track", self.title, self.album, *(artist.name for artist in self.artists))

    @property
    def album_id(self) -> str:
        return spotify_id("album", self.album, *(artist.name for artist in self.album_artists or self.artists[:1]))


@dataclass(frozen=True)
class LocalFile:
    """A file on somebody's own disk, which Spotify knows by its tags; some are empty."""

    artist: str = ""
    title: str = ""
    album: str = ""
    seconds: int = 174


@dataclass(frozen=True)
class Episode:
    """An episode of a podcast."""

    title: str
    show: str
    publisher: str = "Somebody"
    released: str = "2023-03-01"


Item: TypeAlias = Track | LocalFile | Episode | None
"""What stands in a row; None is a track that Spotify took away."""


@dataclass(frozen=True)
class Row:
    """A row of a playlist or of saved tracks."""

    item: Item
    added_at: str | None = ADDED
    added_by: str | None = None
    """Id of a person: "" as in rows of removed tracks, None where it is not known."""


@dataclass(frozen=True)
class Playlist:
    """A playlist; the odd values are all seen in the wild."""

    id: str
    owner: str | None
    """Id of a person; None for an owner that is all nulls."""
    name: str | Absent
    rows: Sequence[Row] = ()
    public: bool | None = True
    collaborative: bool = False
    collaborators: frozenset[str] = frozenset()
    description: str | None = ""
    images: int | None = 1
    """How many; None is a null in place of the list."""
    tells_total: bool = True
    """Whether lists say how many rows there are, or null."""

    def is_edited_by(self, person: str | None) -> bool:
        """Whether a person owns it or collaborates on it."""
        return person is not None and (person == self.owner or person in self.collaborators)

    def is_seen_by(self, person: str | None) -> bool:
        """Whether a person, or an app for nobody, may see it at all; ``public`` is null where nobody set it."""
        return self.public is not False or self.is_edited_by(person)


@dataclass
class Person:
    """Somebody with an account."""

    id: str
    display_name: str | None = None
    images: int = 1
    followers: int = 7
    playlists: list[str | None] = field(default_factory=list)
    """Ids, own and followed, as they are listed; None is a null, which is what Spotify's own playlists have become."""
    saved: list[Row] = field(default_factory=list)
    top: dict[str, list[Artist]] = field(default_factory=dict)
    """Top artists by time range."""
    followed: list[Artist] = field(default_factory=list)


class World(Protocol):
    """What the stand-in asks about."""

    def people(self) -> Sequence[str]: ...
    def person(self, person_id: str) -> Person | None: ...
    def playlist(self, playlist_id: str) -> Playlist | None: ...
    def artist(self, artist_id: str) -> Artist | None: ...
