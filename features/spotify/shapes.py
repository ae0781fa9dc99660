"""From Spotify's JSON to rows, and from rows to a TasteProfile. Pure. Any key may be missing, null or of a wrong type.

What cannot be made use of is left out, never a reason to fail. A row keeps what a profile needs and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from pydantic import TypeAdapter, ValidationError

from features.profile import MAX_GENRES, UserId, UserIdText
from features.sources.names import clean, clean_unescaped
from features.sources.spotify_rows import local_track
from features.spotify.web_api import Json

_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_YEAR = re.compile(r"((?:1\d|20)\d\d)(?:-\d\d){0,2}")


class Heard(NamedTuple):
    """A track as a profile sees it: its first artist, with the id that genres are looked up by."""

    artist: str
    artist_id: str | None = None
    title: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class ListedPlaylist:
    """A playlist in a list of playlists.

    Attributes:
        id: Spotify's.
        name: may be empty.
        snapshot_id: another one with every change; may be empty.
        total: rows in it, episodes and removed tracks too; None where Spotify does not tell.
    """

    id: str
    name: str = ""
    snapshot_id: str = ""
    total: int | None = None


class ArtistFound(NamedTuple):
    """An artist as Spotify tells of one."""

    id: str | None
    name: str
    genres: tuple[str, ...] = ()


def listed_playlists(rows: Iterable[object]) -> Iterator[ListedPlaylist]:
    """Those of a list that can be asked for, each once; nulls stand for Spotify's own playlists."""
    seen: set[str] = set()
    for row in _objects(rows):
        playlist_id = id_in(row)
        if playlist_id is None or playlist_id in seen:
            continue
        seen.add(playlist_id)
        contents = row.get("items") if isinstance(row.get("items"), dict) else row.get("tracks")
        total = contents.get("total") if isinstance(contents, dict) else None
        yield ListedPlaylist(
            playlist_id,
            clean_unescaped(row.get("name")),
            clean(row.get("snapshot_id")),
            total if isinstance(total, int) and total >= 0 else None,
        )


def heard_in(rows: Iterable[object]) -> list[Heard]:
    """The tracks among the rows of a playlist or of liked songs: no removed ones, no podcasts."""
    found = (_heard(_content(row)) for row in _objects(rows))
    return [heard for heard in found if heard is not None]


def artists_in(rows: Iterable[object]) -> list[ArtistFound]:
    """The artists among rows of a list of artists that have a name."""
    found = (ArtistFound(id_in(row), clean_unescaped(row.get("name")), genres_in(row)) for row in _objects(rows))
    return [artist for artist in found if artist.name]


def genres_in(artist: Json) -> tuple[str, ...]:
    """Genres of an artist, cleaned, each once; none where they are absent or null, as they often are."""
    genres = artist.get("genres")
    names = (clean_unescaped(genre) for genre in (genres if isinstance(genres, list) else ()))
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_GENRES]


def id_in(row: Json) -> str | None:
    """Spotify's id of a playlist, track or artist; None where there is none that can be asked for."""
    value = row.get("id")
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def user_id_in(user: Json) -> UserId | None:
    """The id of a person; None where it is none of ours."""
    try:
        return UserId(TypeAdapter(UserIdText).validate_python(user.get("id"), strict=True))
    except ValidationError:
        return None


def display_name_in(user: Json) -> str | None:
    """The name that somebody shows; None for deleted people and those who show none."""
    return clean_unescaped(user.get("display_name")) or None


def year_of(release_date: object) -> int | None:
    """The year of a day, a month or a year; None for "0000", null and anything else."""
    found = _YEAR.fullmatch(release_date) if isinstance(release_date, str) else None
    return int(found[1]) if found else None


def _content(row: Json) -> object:
    return row.get("item") or row.get("track")


def _heard(content: object) -> Heard | None:
    if not isinstance(content, dict) or content.get("type") not in (None, "track"):
        return None
    uri = content.get("uri")
    if isinstance(uri, str) and uri.startswith("spotify:episode:"):
        return None
    title = clean_unescaped(content.get("name")) or None
    artists = content.get("artists")
    for artist in _objects(artists if isinstance(artists, list) else ()):
        if name := clean_unescaped(artist.get("name")):
            return Heard(name, id_in(artist), title, _album_year(content))
    local = local_track(uri)  # its tags are in its uri as well
    return None if local is None else Heard(local.artist, None, title or local.title)


def _album_year(track: Json) -> int | None:
    album = track.get("album")
    return year_of(album.get("release_date")) if isinstance(album, dict) else None


def _objects(rows: Iterable[object]) -> Iterator[Json]:
    yield from (cast("Mapping[str, object]", row) for row in rows if isinstance(row, dict))
