"""How rows of playlists and what stands in them are told in JSON, odd ones included."""

from __future__ import annotations

from urllib.parse import quote_plus

from .answers import Json
from .ids import spotify_id
from .shapes import artist_in_track, images, reference
from .state import State
from .world import Episode, Item, LocalFile, Row, Track

_PRECISION = {4: "year", 7: "month", 10: "day"}
_EMPTY_ALBUM = dict.fromkeys(("album_type", "id", "href", "uri", "release_date", "release_date_precision"))
_NOBODY: Json = {"external_urls": {}, "href": None, "id": None, "type": "artist", "uri": None}


def playlist_row(state: State, row: Row, *, keys: tuple[str, ...], with_episodes: bool) -> Json:
    """A row of a playlist, whose item stands under all of ``keys``."""
    who = row.added_by
    added_by = None if who is None else reference(state, "user", who)
    told = in_playlist(state, row.item, with_episodes=with_episodes)
    return {
        "added_at": row.added_at,
        "added_by": added_by,
        "is_local": isinstance(row.item, LocalFile),
        "primary_color": None,
        "video_thumbnail": {"url": None},
        **dict.fromkeys(keys, told),
    }


def in_playlist(state: State, item: Item, *, with_episodes: bool) -> Json | None:
    """An item as playlists tell it, which say of each whether it is a track."""
    if isinstance(item, Episode):
        told = _episode(state, item) if with_episodes else _episode_as_track(state, item)
        return told | {"episode": True, "track": False}
    told_track = track(state, item)
    return None if told_track is None else told_track | {"episode": False, "track": True}


def track(state: State, item: Item) -> Json | None:
    """A track as the library tells it, which holds no episodes."""
    if isinstance(item, LocalFile):
        return _local(item)
    return _track(state, item) if isinstance(item, Track) else None


def _track(state: State, what: Track) -> Json:
    told = reference(state, "track", what.id) | {
        "album": _album(state, what),
        "artists": [artist_in_track(state, artist) for artist in what.artists],
        "disc_number": 1,
        "duration_ms": what.duration_ms,
        "explicit": what.explicit,
        "external_ids": {"isrc": f"QM{what.id[:10].upper()}"},
        "is_local": False,
        "name": what.title,
        "preview_url": None,
        "track_number": 1,
    }
    return told if state.is_dev else told | {"popularity": 40, "available_markets": ["SE", "US"]}


def _album(state: State, what: Track) -> Json:
    makers = what.album_artists or what.artists[:1]
    told = reference(state, "album", what.album_id) | {
        "album_type": what.album_type,
        "artists": [artist_in_track(state, artist) for artist in makers],
        "images": images(what.album_id, 2),
        "name": what.album,
        "release_date": what.released,
        "release_date_precision": _PRECISION[len(what.released)] if what.released else None,
        "total_tracks": 12,
    }
    return told if state.is_dev else told | {"available_markets": ["SE", "US"]}


def _local(what: LocalFile) -> Json:
    tags = ":".join(quote_plus(tag) for tag in (what.artist, what.album, what.title, str(what.seconds)))
    album = {"artists": [], "available_markets": [], "external_urls": {}, "images": [], "name": what.album}
    return {
        "album": {**_EMPTY_ALBUM, **album, "type": "album"},
        "artists": [{**_NOBODY, "name": what.artist}],
        "available_markets": [],
        "disc_number": 0,
        "duration_ms": what.seconds * 1000,
        "explicit": False,
        "external_ids": {},
        "external_urls": {},
        "href": None,
        "id": None,
        "is_local": True,
        "name": what.title,
        "popularity": 0,
        "preview_url": None,
        "track_number": 0,
        "type": "track",
        "uri": f"spotify:local:{tags}",
    }


def _episode(state: State, what: Episode) -> Json:
    show = reference(state, "show", spotify_id("show", what.show)) | {
        "name": what.show,
        "publisher": what.publisher,
        "images": [],
    }
    return _spoken(state, what) | {"description": "", "release_date": what.released, "show": show}


def _spoken(state: State, what: Episode) -> Json:
    return reference(state, "episode", spotify_id("episode", what.show, what.title)) | {
        "duration_ms": 1_800_000,
        "explicit": False,
        "name": what.title,
        "release_date_precision": "day",
        "images": [],
    }


def _episode_as_track(state: State, what: Episode) -> Json:
    """What clients get that did not say they know episodes: the show in place of an album and of an artist."""
    show = reference(state, "show", spotify_id("show", what.show)) | {"name": what.show}
    return _spoken(state, what) | {
        "album": {**show, "album_type": "show", "artists": [], "images": [], "release_date": what.released},
        "artists": [{**_NOBODY, "name": what.publisher}],
        "disc_number": 0,
        "external_ids": {},
        "is_local": False,
        "track_number": 0,
    }
