"""The ZIP of Spotify's "Download your data", account data or extended streaming history, as one TasteProfile.

Only members on the list below are opened. What their rows look like is known in ``spotify_rows`` and
``spotify_plays``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import orjson

from features.errors import UnreadableSource
from features.profile import TasteProfile
from features.sources.archive import Archive, basename
from features.sources.assemble import ProfileDraft
from features.sources.limits import SourceLimits
from features.sources.names import shown
from features.sources.spotify_plays import ACCOUNT, EXTENDED, History
from features.sources.spotify_rows import liked_tracks, own_playlists

SOURCE = "spotify-export"


def _named(pattern: str) -> re.Pattern[str]:
    # A second download of the same file is called "Playlist1 (1).json".
    return re.compile(pattern + r"(?: ?\(\d+\))?\.json", re.IGNORECASE)


_PLAYLISTS = _named(r"playlist\d*")
_LIBRARY = _named(r"yourlibrary\d*")
_ACCOUNT_HISTORY = _named(r"streaminghistory(?:_music)?_?\d*")
_EXTENDED_HISTORY = _named(r"(?:streaming_history_audio[\w-]*|endsong_?\d*)")
MEMBERS = re.compile(
    "|".join(pattern.pattern for pattern in (_PLAYLISTS, _LIBRARY, _ACCOUNT_HISTORY, _EXTENDED_HISTORY)),
    re.IGNORECASE,
)
"""File names of the members that are read; everything else in an export is left alone."""


def read_spotify_export(archive: Archive, limits: SourceLimits) -> TasteProfile:
    """Playlists, liked songs and the most played tracks, with nothing that says whose they are.

    Raises:
        UnreadableSource: a member is broken.
        EmptyProfile: no member names an artist.
        ProfileTooLarge: the playlists alone hold more than ``limits.max_profile_tracks``.
    """
    draft = ProfileDraft(source=SOURCE, max_tracks=limits.max_profile_tracks)
    for document in _documents(archive, _PLAYLISTS):
        for name, tracks in own_playlists(document):
            draft.add(name, tracks)
    draft.add("Liked Songs", (track for document in _documents(archive, _LIBRARY) for track in liked_tracks(document)))
    draft.add("Listening history", _history(archive).most_played(draft.room))
    return draft.build()


def _history(archive: Archive) -> History:
    """The extended history; the last year's of the account data only where there is no other, as it is a part of it."""
    # Even an extended history without one public play comes first: the other does not tell private sessions apart.
    is_extended = bool(archive.find(_EXTENDED_HISTORY))
    history = History(EXTENDED if is_extended else ACCOUNT)
    for document in _documents(archive, _EXTENDED_HISTORY if is_extended else _ACCOUNT_HISTORY):
        history.count(document)
    return history


def _documents(archive: Archive, pattern: re.Pattern[str]) -> Iterator[object]:
    for member in archive.find(pattern):
        content = archive.read(member)
        try:
            yield _parsed(content)
        except (ValueError, RecursionError) as error:
            raise UnreadableSource(
                f"{shown(basename(member))} in {archive.name} is not valid JSON.", "Download the export again."
            ) from error


def _parsed(content: bytes) -> object:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # A byte order mark, or half an emoji at the end of a cut name: the standard library lets them pass.
        return json.loads(content, strict=False)
