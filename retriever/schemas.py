"""What the service is asked: the bodies and options of requests, validated. Answers live in ``retriever.answers``.

What is asked about somebody known, in a path and a query, lives in ``retriever.schemas_near``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Self, TypeVar

from fastapi import UploadFile
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from features.compact import Limits
from features.profile import MAX_NAME_LENGTH, Name, TasteProfile, UserId, UserIdText
from indexer.ports import Where
from retriever.errors import InvalidRequest
from retriever.findings import findings_of
from retriever.options import DEFAULT_LIMIT, MAX_LIMIT, Choice, Examples, Options
from retriever.whole_numbers import with_whole_numbers

_Model = TypeVar("_Model", bound=BaseModel)
MAX_EXAMPLES, MAX_SOURCES, MAX_EXCLUDED, MAX_ASKS = 50, 20, 1000, 100

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many people to recommend.")]
Part = Annotated[int, Field(ge=1, le=1_000_000)]
TopArtists = Annotated[Part, Field(description="Use the heaviest artists only; default all.")]
Playlists = Annotated[Part, Field(description="Use the first playlists only; default all.")]
NotTold = SkipJsonSchema[None]
"""Null where nobody can send it, as in a form: it is none of the document's."""
Remember = Annotated[bool, Field(description="Join the community, to be found by others. False leaves nothing behind.")]
Sources = Annotated[
    list[Name], Field(max_length=MAX_SOURCES, description="Only people whose listening was read from one of these.")
]
MinArtists = Annotated[int, Field(ge=0, le=1_000_000, description="Only people with at least so many artists.")]
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
Exclude = Annotated[list[UserIdText], Field(max_length=MAX_EXCLUDED, description="People to leave out.")]
Diversity = Annotated[
    float,
    Field(ge=0, le=1, allow_inf_nan=False, description="0: the most similar people; up to 1: unlike each other, too."),
]

_EXAMPLE: dict[str, Any] = {
    "profile": {
        "display_name": "Ada",
        "source": "by-hand",
        "playlists": [
            {
                "name": "Rainy evenings",
                "tracks": [
                    {"artist": "Nick Drake", "title": "Pink Moon", "genres": ["folk"], "release_year": 1972},
                    {"artist": "Vashti Bunyan", "genres": ["folk", "psych folk"], "plays": 41},
                ],
            }
        ],
    },
    "limit": 5,
    "remember": False,
}
_BENT: dict[str, Any] = {
    "user_id": "ada",
    "like": {"artists": ["Alice Coltrane"]},
    "unlike": {"users": ["bob"]},
    "min_artists": 20,
    "diversity": 0.3,
}

_LIKING: dict[str, Any] = {"like": {"artists": ["Alice Coltrane", "Pharoah Sanders"]}, "limit": 5}


# What the validators below ask for beyond types, in the schema's own words.
_NO_NULL, _NULL = {"not": {"type": "null"}}, {"type": "null"}
_AN_ARTIST = {"required": ["artist"], "properties": {"artist": {"pattern": r"\S"}}}
_A_PLAYLIST = {"required": ["tracks"], "properties": {"tracks": {"type": "array", "contains": _AN_ARTIST}}}
_WITH_A_TRACK = {
    "required": ["playlists"],
    "properties": {"playlists": {"type": "array", "contains": _A_PLAYLIST}},
}
_EXAMPLES = ("users", "artists")
_ASKERS: list[Any] = [
    {"required": ["profile"], "properties": {"profile": {**_NO_NULL, **_WITH_A_TRACK}, "user_id": _NULL}},
    {"required": ["user_id"], "properties": {"user_id": _NO_NULL, "profile": _NULL}},
    {
        "required": ["like"],
        "properties": {
            "profile": _NULL,
            "user_id": _NULL,
            "like": {"anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in _EXAMPLES]},
        },
    },
]


class Liked(BaseModel):
    """Examples by which a question is bent: people of the community, and artists in any spelling."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    users: Annotated[list[UserIdText], Field(max_length=MAX_EXAMPLES)] = []
    artists: Annotated[list[Artist], Field(max_length=MAX_EXAMPLES)] = []

    def examples(self) -> Examples:
        """The same as plain data."""
        return Examples(tuple(map(UserId, self.users)), tuple(self.artists))


class Ask(BaseModel):
    """A question for the nearest people: of a profile, of somebody known, or of nobody in particular by what is liked.

    Where nobody in particular asks, user_id and coverage are null in the answer, and the reasons are what people share
    with all that is liked.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [_EXAMPLE, {"user_id": "ada"}, _BENT, _LIKING], "oneOf": _ASKERS},
    )

    profile: TasteProfile | None = None
    user_id: UserIdText | None = None
    limit: Limit = DEFAULT_LIMIT
    top_artists: TopArtists | None = None
    playlists: Playlists | None = None
    remember: Remember = True
    like: Annotated[Liked, Field(description="More like these.")] = Liked()
    unlike: Annotated[Liked, Field(description="Less like these.")] = Liked()
    source: Sources = []
    min_artists: MinArtists = 0
    active_since: ActiveSince = None
    exclude: Exclude = []
    diversity: Diversity = 0.0

    @model_validator(mode="after")
    def _one_asker(self) -> Self:
        if self.profile is not None and self.user_id is not None:
            raise ValueError("give either profile or user_id")
        if self.profile is None and self.user_id is None and not (self.like.users or self.like.artists):
            raise ValueError("give profile or user_id, or something to like")
        if self.profile is not None and not _has_an_artist(self.profile):
            raise ValueError("the profile holds no track with an artist")
        return self

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a JSON body. Raises InvalidRequest."""
        return read_json(cls, body)

    @property
    def known_asker(self) -> UserId | None:
        """Who asks without a profile; None where nobody in particular does."""
        return None if self.user_id is None else UserId(self.user_id)

    def options(self) -> Options:
        """The question without the asker."""
        return Options(
            self.limit,
            Limits(self.top_artists, self.playlists),
            self.remember,
            choice_of(self.source, self.min_artists, self.active_since, self.exclude, self.diversity),
            self.like.examples(),
            self.unlike.examples(),
        )


def _has_an_artist(profile: TasteProfile) -> bool:
    return any(track.artist.strip() for playlist in profile.playlists for track in playlist.tracks)


class Batch(BaseModel):
    """Some questions at once; each is answered for itself."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"asks": [_EXAMPLE, {"user_id": "ada"}, _LIKING]}]},
    )

    asks: Annotated[list[Ask], Field(min_length=1, max_length=MAX_ASKS)]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a JSON body. Raises InvalidRequest."""
        return read_json(cls, body)


class Upload(BaseModel):
    """A file to read a profile from, with options of :class:`Ask` as form fields."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[
        UploadFile, Field(description="Spotify's data-export ZIP, an Exportify CSV or ZIP, or one profile as JSON.")
    ]
    limit: Limit = DEFAULT_LIMIT
    top_artists: TopArtists | NotTold = None
    playlists: Playlists | NotTold = None
    remember: Remember = True
    min_artists: MinArtists = 0
    diversity: Diversity = 0.0

    def options(self) -> Options:
        """The question without the file."""
        choice = Choice(Where(min_artists=self.min_artists), diversity=self.diversity)
        return Options(self.limit, Limits(self.top_artists, self.playlists), self.remember, choice)


def choice_of(
    source: list[str], min_artists: int, active_since: AwareDatetime | None, exclude: list[str], diversity: float
) -> Choice:
    """Who may be recommended, as plain data."""
    where = Where(frozenset(source), min_artists, active_since)
    return Choice(where, tuple(map(UserId, exclude)), diversity)


def read_json(kind: type[_Model], body: bytes) -> _Model:
    """Read a JSON body. Raises InvalidRequest where it does not fit."""
    with fitting():
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            if all(found["type"] != "int_type" for found in error.errors(include_input=False, include_url=False)):
                raise
        return kind.model_validate_json(with_whole_numbers(body))


@contextmanager
def fitting() -> Iterator[None]:
    """Pydantic's complaints within the block leave it as InvalidRequest."""
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest(findings_of(error.errors(include_input=False, include_url=False))) from None
