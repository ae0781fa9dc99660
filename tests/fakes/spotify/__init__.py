"""Spotify as it is in 2026, on this machine: its Web API and its accounts service. Start at ``fake``."""

from .answers import Answer
from .builder import (
    a_local_file,
    a_removed_track,
    a_row,
    a_track,
    a_world,
    an_artist,
    an_episode,
    many_tracks,
)
from .fake import ALL_SCOPES, FakeSpotify
from .faults import cut, late
from .world import ABSENT

__all__ = [
    "ABSENT",
    "ALL_SCOPES",
    "Answer",
    "FakeSpotify",
    "a_local_file",
    "a_removed_track",
    "a_row",
    "a_track",
    "a_world",
    "an_artist",
    "an_episode",
    "cut",
    "late",
    "many_tracks",
]
