"""Spotify as it is in 2026, on this machine: its Web API and its accounts service. Start at ``fake``."""

from .answers import Answer
from .builder import a_world
from .community import world_of
from .fake import ALL_SCOPES, FakeSpotify
from .faults import cut, late
from .odd import ODD, an_odd_world
from .things import a_local_file, a_removed_track, a_row, a_track, an_artist, an_episode, many_tracks
from .world import ABSENT

__all__ = [
    "ABSENT",
    "ALL_SCOPES",
    "ODD",
    "Answer",
    "FakeSpotify",
    "a_local_file",
    "a_removed_track",
    "a_row",
    "a_track",
    "a_world",
    "an_artist",
    "an_episode",
    "an_odd_world",
    "cut",
    "late",
    "many_tracks",
    "world_of",
]
