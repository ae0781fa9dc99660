"""Rows of a Spotify export's playlists and library. Every key is optional, every value may be null or of a wrong type.

Only the keys named here are looked at; a row that names no artist is skipped, never a reason to fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast
from urllib.parse import unquote_plus

from features.profile import Track
from features.sources.assemble import make_track
from features.sources.names import clean_unescaped

_LOCAL_PREFIX = "spotify:local:"
Row = dict[str, object]


def rows(value: object) -> Iterator[Row]:
    """The objects in a JSON list; nothing of anything else."""
    if isinstance(value, list):
        yield from (cast("Row", row) for row in value if isinstance(row, dict))


def own_playlists(document: object) -> Iterator[tuple[str, Iterator[Track]]]:
    """Name and tracks of each playlist in a ``Playlist1.json``."""
    for playlist in rows(_value(document, "playlists")):
        tracks = (_item_track(item) for item in rows(playlist.get("items")))
        yield clean_unescaped(playlist.get("name")), (track for track in tracks if track)


def liked_tracks(document: object) -> Iterator[Track]:
    """Tracks of a ``YourLibrary.json``."""
    for row in rows(_value(document, "tracks")):
        if track := make_track(row.get("artist"), row.get("track")):
            yield track


def _item_track(item: Row) -> Track | None:
    """The music in a playlist's item: a track or a local file, but no episode and no audiobook."""
    track, local = item.get("track"), item.get("localTrack")
    if isinstance(track, dict):
        uri = track.get("trackUri")
        if isinstance(uri, str) and uri.startswith("spotify:episode:"):
            return None
        return make_track(track.get("artistName"), track.get("trackName"))
    return local_track(_value(local, "uri"))


def local_track(uri: object) -> Track | None:
    """A track from ``spotify:local:Artist:Album:Title:seconds``, each part URL-encoded."""
    if not isinstance(uri, str) or not uri.startswith(_LOCAL_PREFIX):
        return None
    artist, _album, title, *_seconds = [*uri.removeprefix(_LOCAL_PREFIX).split(":"), "", ""]
    return make_track(unquote_plus(artist), unquote_plus(title))


def _value(document: object, key: str) -> object:
    return document.get(key) if isinstance(document, dict) else None
