"""A ZIP such as Spotify's "Download your data" gives, for an invented listener; the same bytes for the same listener.

The private members hold values that belong to nobody. They are here because real exports have them, and must never
be read.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import orjson

from features.synthetic import names
from features.synthetic.export_plays import Row, account_row, extended_row, make_plays, podcast_row
from features.synthetic.sample import Sample

_ACCOUNT = "Spotify Account Data"
_EXTENDED = "Spotify Extended Streaming History"
_SONGS_PER_ARTIST, _PLAYS, _PLAYS_LAST_YEAR = 3, 2_400, 900
_TIMESTAMP = (2024, 12, 21, 8, 0, 0)
_ADDED = "2024-06-01"


def export_zip(sample: Sample, rng: np.random.Generator) -> bytes:
    """The ZIP: account data, extended streaming history, and the members that nobody should open."""
    songs = [_song(artist, rng) for artist in sample.artists for _ in range(_SONGS_PER_ARTIST)]
    plays = make_plays(songs, rng, count=_PLAYS)
    members = {
        f"{_ACCOUNT}/Playlist1.json": {"playlists": _playlists(sample, songs)},
        f"{_ACCOUNT}/YourLibrary.json": _library(songs),
        f"{_ACCOUNT}/StreamingHistory_music_0.json": [account_row(play) for play in plays[-_PLAYS_LAST_YEAR:]],
        f"{_EXTENDED}/Streaming_History_Audio_2022-2024_0.json": [*map(extended_row, plays), podcast_row()],
        f"{_EXTENDED}/Streaming_History_Video_2024.json": [podcast_row()],
    }
    return _packed(members | {f"{_ACCOUNT}/{name}": content for name, content in _PRIVATE.items()})


def _packed(members: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, date_time=_TIMESTAMP)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return buffer.getvalue()


def _song(artist: str, rng: np.random.Generator) -> Row:
    uri = "".join("0123456789abcdefghijklmnopqrstuvwxyz"[digit] for digit in rng.integers(36, size=22))
    return {
        "trackName": names.title(rng),
        "artistName": artist,
        "albumName": names.title(rng),
        "trackUri": f"spotify:track:{uri}",
    }


def _playlists(sample: Sample, songs: list[Row]) -> list[Row]:
    """One playlist per genre, one of everything, and one of the kinds of rows that parsers stumble over."""
    shelves = {
        genre: [song for song in songs if song["artistName"] in set(artists)]
        for genre, artists in sample.shelves.items()
    }
    named = [_playlist(genre or "favourites", [_item(song) for song in shelf]) for genre, shelf in shelves.items()]
    odd = [_item(None), _item(None, localTrack={"uri": "spotify:local:::Voice+memo:12"})]
    return [*named, _playlist("songs my cat likes", [_item(song) for song in songs[::5]] + odd)]


def _playlist(name: str, items: list[Row]) -> Row:
    return {
        "name": name,
        "lastModifiedDate": _ADDED,
        "collaborators": [],
        "items": items,
        "description": "Invented for trying things out &amp; nothing else",
        "numberOfFollowers": 0,
    }


def _item(track: Row | None, **other: Row) -> Row:
    return {"track": track, "episode": None, "audiobook": None, "localTrack": None, "addedDate": _ADDED} | other


def _library(songs: list[Row]) -> Row:
    liked = [
        {"artist": song["artistName"], "album": song["albumName"], "track": song["trackName"], "uri": song["trackUri"]}
        for song in songs[::4]
    ]
    kept_empty = ("albums", "shows", "episodes", "bannedTracks", "bannedArtists", "other")
    artists = sorted({song["artist"] for song in liked})
    return {
        "tracks": liked,
        "artists": [{"name": artist, "uri": f"spotify:artist:{at:022d}"} for at, artist in enumerate(artists)],
        **{key: [] for key in kept_empty},
    }


_PRIVATE: dict[str, Row | list[Row]] = {
    "Identity.json": {"displayName": "Nobody Inparticular", "firstName": "Nobody", "lastName": "Inparticular"},
    "Userdata.json": {
        "username": "nobody-in-particular",
        "email": "nobody@example.invalid",
        "country": "ZZ",
        "birthdate": "1900-01-01",
        "mobileNumber": "+00 000 000000",
    },
    "Payments.json": {"payment_method": "none", "creation_date": "1900-01-01", "country": "ZZ"},
    "Follow.json": {"userIsFollowing": ["nobody-else"], "userIsFollowedBy": [], "userIsBlocking": []},
    "Inferences.json": {"inferences": ["3P_Made Up People"]},
    "SearchQueries.json": [{"platform": "ANDROID", "searchTime": "2024-01-01T00:00:00Z", "searchQuery": "private"}],
}
