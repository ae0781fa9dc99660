"""Fields that questions have in common, whether they come in a body, a form or a query."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, FailFast, Field, StringConstraints, TypeAdapter, WithJsonSchema

from features.profile import MAX_NAME_LENGTH, Name, UserId, UserIdText
from indexer.ports import Where
from retriever.options import MAX_LIMIT, Choice

MAX_SOURCES, MAX_EXCLUDED = 20, 1000


def _as_written(value: object) -> object:
    """Python also reads 1_000, digits of any script, and blanks around them, which no other language does."""
    if isinstance(value, str) and (not value.isascii() or "_" in value or value != value.strip()):
        raise ValueError("write a number in plain digits")
    return value


def _true_or_false(value: object) -> object:
    """Pydantic also reads 0, on, yes and more as one or the other."""
    if isinstance(value, str) and value not in {"true", "false"}:
        raise ValueError("write true or false")
    return value


_Digits = BeforeValidator(_as_written)
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many people to recommend."), _Digits]
Part = Annotated[int, Field(ge=1, le=1_000_000), _Digits]
TopArtists = Annotated[Part, Field(description="Use the heaviest artists only; default all.")]
Playlists = Annotated[Part, Field(description="Use the first playlists only; default all.")]
# A form cannot say null, so the document does not say that its fields may be null.
TopArtistsInForm = Annotated[TopArtists | None, WithJsonSchema(TypeAdapter(TopArtists).json_schema())]
PlaylistsInForm = Annotated[Playlists | None, WithJsonSchema(TypeAdapter(Playlists).json_schema())]
Remember = Annotated[
    bool,
    Field(description="Join the community, to be found by others. False leaves nothing behind."),
    BeforeValidator(_true_or_false),
]
LeaveCode = Annotated[
    bool,
    Field(
        description="Give who joins a code with which they can later have all that is kept exported; it is shown this "
        "once. Nobody gets one for a profile that anybody can name: of spotify_url and listenbrainz."
    ),
    BeforeValidator(_true_or_false),
]
Sources = Annotated[
    list[Name],
    Field(max_length=MAX_SOURCES, description="Only people whose listening was read from one of these."),
    FailFast(),
]
# Narrower than what is read: an id may also be escaped (%C3%A9) and hold most other letters.
_SPOTIFY = (
    r"^(https://open\.spotify\.com/(intl-[a-z]{2}/)?user/|spotify:user:)"
    r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$"
)
SpotifyUrl = Annotated[
    str,
    Field(max_length=2048, description="Link to a Spotify profile, whose public playlists are read."),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 2048,
            "pattern": _SPOTIFY,
            "description": "Link to a Spotify profile, whose public playlists are read; or spotify:user:ID.",
        }
    ),
]
SpotifyLogin = Annotated[
    bool,
    Field(description="Read the library of who is logged in with Spotify in this browser: /v1/spotify/login."),
]
ListenBrainzName = Annotated[
    str,
    Field(min_length=1, max_length=100),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 64,
            "pattern": "^[A-Za-z0-9_.-]{0,63}[A-Za-z0-9_]$",
            "description": "Name at ListenBrainz, whose public statistics are read.",
        }
    ),
]
MinArtists = Annotated[
    int, Field(ge=0, le=1_000_000, description="Only people with at least so many artists."), _Digits
]
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _a_moment(value: object) -> object:
    """Pydantic also takes numbers, in a unit that it guesses."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("write a time with its zone, such as 2026-01-31T18:00:00Z")
    return value


ActiveSince = Annotated[
    Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_a_moment)] | None,
    Field(description="Only people whose listening was read at this time or later."),
]
# One pattern, since a second one would take the place of the first.
_PLAIN = r"[^\x00-\x1f\x7f-\x9f]"
Artist = Annotated[
    str,
    StringConstraints(max_length=MAX_NAME_LENGTH, pattern=rf"^{_PLAIN}*[^\s\x00-\x1f\x7f-\x9f]{_PLAIN}*$"),
]
Exclude = Annotated[list[UserIdText], Field(max_length=MAX_EXCLUDED, description="People to leave out."), FailFast()]
Diversity = Annotated[
    float,
    Field(ge=0, le=1, allow_inf_nan=False, description="0: the most similar people; up to 1: unlike each other, too."),
    _Digits,
]


def choice_of(
    source: list[str], min_artists: int, active_since: AwareDatetime | None, exclude: list[str], diversity: float
) -> Choice:
    """Who may be recommended, as plain data."""
    where = Where(frozenset(source), min_artists, active_since)
    return Choice(where, tuple(map(UserId, exclude)), diversity)
