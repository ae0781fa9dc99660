"""What the service is asked: the bodies and options of requests, validated. Answers live in ``retriever.answers``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Self

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.compact import Limits
from features.profile import TasteProfile, UserIdText
from retriever.errors import InvalidRequest
from retriever.findings import findings_of
from retriever.options import DEFAULT_LIMIT, MAX_LIMIT, Options

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many people to recommend.")]
Part = Annotated[int, Field(ge=1, le=1_000_000)]
TopArtists = Annotated[Part | None, Field(description="Use the heaviest artists only; default all.")]
Playlists = Annotated[Part | None, Field(description="Use the first playlists only; default all.")]
Remember = Annotated[bool, Field(description="Join the community, to be found by others. False leaves nothing behind.")]

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


class Ask(BaseModel):
    """A question for the nearest people: of a profile, or of somebody known."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE, {"user_id": "ada"}]}
    )

    profile: TasteProfile | None = None
    user_id: UserIdText | None = None
    limit: Limit = DEFAULT_LIMIT
    top_artists: TopArtists = None
    playlists: Playlists = None
    remember: Remember = True

    @model_validator(mode="after")
    def _one_asker(self) -> Self:
        if (self.profile is None) == (self.user_id is None):
            raise ValueError("give either profile or user_id")
        return self

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a JSON body.

        Raises:
            InvalidRequest: it does not fit.
        """
        with _fitting():
            return cls.model_validate_json(body)

    def options(self) -> Options:
        """The question without the asker."""
        return Options(self.limit, Limits(self.top_artists, self.playlists), self.remember)


class Near(BaseModel):
    """A question for the people nearest to somebody known, out of a path and a query."""

    model_config = ConfigDict(frozen=True)

    user_id: UserIdText
    limit: Limit = DEFAULT_LIMIT

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> Self:
        """Read the parameters; unknown ones are ignored.

        Raises:
            InvalidRequest: they do not fit.
        """
        with _fitting():
            return cls.model_validate(parameters)


class Upload(BaseModel):
    """A file to read a profile from, with the options of :class:`Ask` as form fields."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[
        UploadFile, Field(description="Spotify's data-export ZIP, an Exportify CSV or ZIP, or one profile as JSON.")
    ]
    limit: Limit = DEFAULT_LIMIT
    top_artists: TopArtists = None
    playlists: Playlists = None
    remember: Remember = True

    def options(self) -> Options:
        """The question without the file."""
        return Options(self.limit, Limits(self.top_artists, self.playlists), self.remember)


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest(findings_of(error.errors(include_input=False, include_url=False))) from None
