"""TasteProfile: a person's playlists of tracks as read from one source; the one input type of the whole system.

Pure data, validated: strict about types, tolerant of missing optional parts. How files become profiles lives in
``features.sources``; what is made of a profile lives in ``features.listening``.

A list is refused at its first wrong part: a complaint takes more memory than the two bytes it may be about.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, NewType

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, StringConstraints

UserId = NewType("UserId", str)

MAX_NAME_LENGTH = 512
MAX_GENRES = 100
MAX_TRACKS = 1_000_000
"""Most tracks in one playlist, and most that SOUNDALIKE_MAX_PROFILE_TRACKS may be: a history is one playlist."""
MAX_PLAYLISTS = 100_000
"""Most playlists in one profile; Spotify's own listing of a person's playlists ends there."""
# C0 and C1 control characters and DEL; sources that people cannot edit strip them, every other input is refused.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_CONTROL = r"^[^\x00-\x1f\x7f-\x9f]*$"

Text = Annotated[str, StringConstraints(max_length=MAX_NAME_LENGTH, pattern=_NO_CONTROL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH, pattern=_NO_CONTROL)]
# A slash, a control character, a leading blank or nothing but dots would change the path of /v1/users/{id}.
_ID_LETTER = r"[^\x00-\x1f\x7f-\x9f/]"
_ID_START = r"[^\x00-\x20\x7f-\x9f/.]"
UserIdText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=rf"^\.*{_ID_START}{_ID_LETTER}*$"),
]
Url = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f-\x9f]+$")]


def _none_as_empty_list(value: Any) -> Any:  # noqa: ANN401 - a validator sees whatever was sent
    return () if value is None else value


def _none_as_empty_text(value: Any) -> Any:  # noqa: ANN401
    return "" if value is None else value


def _nullable(kind: Any, most: int) -> BeforeValidator:  # noqa: ANN401 - a type, however it is spelt
    """A list that may be left out as null; schemas tell that it holds at most so many of ``kind``."""
    told = Annotated[list[kind], Field(max_length=most)]
    return BeforeValidator(_none_as_empty_list, json_schema_input_type=told | None)


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Track(_Part):
    """One track, or one artist where the source knows no titles."""

    artist: Name
    title: Text | None = None
    genres: Annotated[
        tuple[Name, ...], Field(strict=False, max_length=MAX_GENRES), FailFast(), _nullable(Name, MAX_GENRES)
    ] = ()
    """Genres of the artist, the most fitting first."""
    release_year: Annotated[int, Field(ge=1000, le=2100)] | None = None
    plays: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    """How often this person played it, where the source knows."""


class Playlist(_Part):
    """A named group of tracks; the name may be empty."""

    name: Annotated[Text, BeforeValidator(_none_as_empty_text, json_schema_input_type=Text | None)] = ""
    tracks: Annotated[
        tuple[Track, ...], Field(strict=False, max_length=MAX_TRACKS), FailFast(), _nullable(Track, MAX_TRACKS)
    ] = ()


class TasteProfile(_Part):
    """A person's playlists of tracks as read from one source."""

    user_id: UserIdText | None = None
    display_name: Text | None = None
    profile_url: Url | None = None
    source: Name = "unknown"
    """Where the profile was read from, such as ``spotify-export``; kept for provenance."""
    playlists: Annotated[
        tuple[Playlist, ...],
        Field(strict=False, max_length=MAX_PLAYLISTS),
        FailFast(),
        _nullable(Playlist, MAX_PLAYLISTS),
    ] = ()

    @property
    def track_count(self) -> int:
        """Number of rows in all playlists."""
        return sum(len(playlist.tracks) for playlist in self.playlists)
