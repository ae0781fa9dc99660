"""What the service is asked in bodies and forms, validated. Answers live in ``retriever.answers``.

What is asked about somebody known, in a path and a query, lives in ``retriever.schemas_near``.
"""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, FailFast, Field, model_validator

from features.compact import Limits
from features.profile import TasteProfile, UserId, UserIdText
from indexer.ports import Where
from retriever.elsewhere import Place
from retriever.fields import (
    ActiveSince,
    Artist,
    Diversity,
    Exclude,
    LeaveCode,
    Limit,
    ListenBrainzName,
    MinArtists,
    Playlists,
    PlaylistsInForm,
    Remember,
    Sources,
    SpotifyLogin,
    SpotifyUrl,
    TopArtists,
    TopArtistsInForm,
    choice_of,
)
from retriever.jobs import JobKind
from retriever.options import DEFAULT_LIMIT, Choice, Examples, Options
from retriever.reading import read_json
from retriever.schema_words import ASKERS, BENT, EXAMPLE, LIKING

MAX_EXAMPLES, MAX_ASKS, MAX_LEAVE_CODE = 50, 100, 400


class Liked(BaseModel):
    """Examples by which a question is bent: people of the community, and artists in any spelling."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    users: Annotated[list[UserIdText], Field(max_length=MAX_EXAMPLES), FailFast()] = []
    artists: Annotated[list[Artist], Field(max_length=MAX_EXAMPLES), FailFast()] = []

    def examples(self) -> Examples:
        """The same as plain data."""
        return Examples(tuple(map(UserId, self.users)), tuple(self.artists))


class Ask(BaseModel):
    """A question for the nearest people: of a profile, of somebody known, or of nobody in particular by what is liked.

    A profile may be sent, or be read at Spotify or ListenBrainz. Of one that is read there nothing is kept unless
    remember is given as true: who does that says that it is theirs, or that its owner agrees.

    Where nobody in particular asks, user_id and coverage are null in the answer, and the reasons are what people share
    with all that is liked.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [EXAMPLE, {"user_id": "ada"}, BENT, LIKING], "oneOf": ASKERS},
    )

    profile: TasteProfile | None = None
    user_id: UserIdText | None = None
    spotify_url: SpotifyUrl | None = None
    spotify_login: SpotifyLogin = False
    listenbrainz: ListenBrainzName | None = None
    limit: Limit = DEFAULT_LIMIT
    top_artists: TopArtists | None = None
    playlists: Playlists | None = None
    remember: Remember = True
    leave_code: LeaveCode = False
    like: Annotated[Liked, Field(description="More like these.")] = Liked()
    unlike: Annotated[Liked, Field(description="Less like these.")] = Liked()
    source: Sources = []
    min_artists: MinArtists = 0
    active_since: ActiveSince = None
    exclude: Exclude = []
    diversity: Diversity = 0.0

    @model_validator(mode="after")
    def _one_asker(self) -> Self:
        askers = (self.profile, self.user_id, self.spotify_url, self.listenbrainz, self.spotify_login or None)
        given = sum(asker is not None for asker in askers)
        if given > 1:
            raise ValueError("give one of profile, user_id, spotify_url, spotify_login and listenbrainz")
        if not given and not (self.like.users or self.like.artists):
            raise ValueError("give profile or user_id, or something to like")
        if self.profile is not None and not _has_an_artist(self.profile):
            raise ValueError("the profile holds no track with an artist")
        return self

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a JSON body. Raises InvalidRequest."""
        return read_json(cls, body)

    @property
    def place(self) -> Place | None:
        """Where the profile is to be read; None where it was sent, or is none."""
        if self.spotify_url is not None:
            return Place("spotify_url", self.spotify_url, self.playlists)
        if self.listenbrainz is not None:
            return Place("listenbrainz", self.listenbrainz)
        return Place("spotify_login", playlists=self.playlists) if self.spotify_login else None

    @property
    def joins(self) -> bool:
        """Whether who asks joins the community; of what is read elsewhere only where that was said in so many words."""
        return self.remember and (self.place is None or "remember" in self.model_fields_set)

    @property
    def known_asker(self) -> UserId | None:
        """Who asks without a profile; None where nobody in particular does."""
        return None if self.user_id is None else UserId(self.user_id)

    def options(self) -> Options:
        """The question without the asker."""
        return Options(
            self.limit,
            Limits(self.top_artists, self.playlists),
            self.joins,
            choice_of(self.source, self.min_artists, self.active_since, self.exclude, self.diversity),
            self.like.examples(),
            self.unlike.examples(),
            self.leave_code and (self.profile is not None or self.spotify_login),
        )


def _has_an_artist(profile: TasteProfile) -> bool:
    return any(track.artist.strip() for playlist in profile.playlists for track in playlist.tracks)


class Batch(BaseModel):
    """Some questions at once; each is answered for itself."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"asks": [EXAMPLE, {"user_id": "ada"}, LIKING]}]},
    )

    asks: Annotated[list[Ask], Field(min_length=1, max_length=MAX_ASKS), FailFast()]

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
    top_artists: TopArtistsInForm = None
    playlists: PlaylistsInForm = None
    remember: Remember = True
    leave_code: LeaveCode = False
    min_artists: MinArtists = 0
    diversity: Diversity = 0.0

    def options(self) -> Options:
        """The question without the file."""
        choice = Choice(Where(min_artists=self.min_artists), diversity=self.diversity)
        limits = Limits(self.top_artists, self.playlists)
        return Options(self.limit, limits, self.remember, choice, leave_code=self.leave_code)


class JobAsk(BaseModel):
    """What to do: build and publish the index, train a model, or go back to the index that was live before."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, json_schema_extra={"examples": [{"kind": "index"}]}
    )

    kind: JobKind

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a JSON body. Raises InvalidRequest."""
        return read_json(cls, body)


class Mine(BaseModel):
    """Who asks for what is kept of them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    leave_code: Annotated[
        str, Field(min_length=1, max_length=MAX_LEAVE_CODE, description="As it was shown to who joined with it.")
    ]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a JSON body. Raises InvalidRequest."""
        return read_json(cls, body)
