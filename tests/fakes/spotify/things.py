"""Tracks, files, episodes and rows in a few words. Where they go: ``builder``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from .world import ABSENT, ADDED, Absent, Artist, Episode, Item, LocalFile, Row, Track

Genres: TypeAlias = Iterable[str] | Absent | None


def an_artist(name: str, genres: Genres = ()) -> Artist:
    """An artist; ``genres`` may be None, for a null, or ABSENT."""
    return Artist(name, genres if genres is None or genres is ABSENT else tuple(genres))


def a_track(
    artist: str | Artist,
    title: str = "Song",
    *featuring: str | Artist,
    year: str | int | None = "1999",
    genres: Genres = (),
    album: str | None = None,
    album_type: str = "album",
) -> Track:
    """A track; ``year`` may be a month or a day as well, "0000", or None. ``genres`` are the first artist's."""
    first = an_artist(artist, genres) if isinstance(artist, str) else artist
    others = (each if isinstance(each, Artist) else an_artist(each) for each in featuring)
    released = None if year is None else str(year)
    album_artists = (an_artist("Various Artists"),) if album_type == "compilation" else None
    return Track(title, (first, *others), album or f"{title} and more", released, album_type, album_artists)


def a_local_file(
    artist: str = "Halsey", title: str = "929", album: str = "Manic (Deluxe)", seconds: int = 174
) -> LocalFile:
    """A file on the person's own disk; every tag may be empty."""
    return LocalFile(artist, title, album, seconds)


def an_episode(title: str = "Episode one", show: str = "A show") -> Episode:
    """An episode of a podcast."""
    return Episode(title, show)


def a_removed_track() -> Row:
    """A row whose track is gone."""
    return Row(None, added_by="")


def a_row(item: Item, added_at: str | None = ADDED, added_by: str | None = None) -> Row:
    """An item with what stands around it."""
    return Row(item, added_at, added_by)


def many_tracks(count: int, artists: int = 40) -> list[Track]:
    """So many tracks by so many artists in turn."""
    names = [an_artist(f"Artist {number}", (f"genre {number % 7}",)) for number in range(artists)]
    return [
        a_track(names[number % artists], f"Song {number}", year=1960 + number % 60, album=f"Album {number // 10}")
        for number in range(count)
    ]
