"""What the service answers: plain frozen dataclasses, dumped to JSON as they stand, and read by the OpenAPI document.

One definition for both, so that the document cannot drift from the answers. Requests live in ``retriever.schemas``.
Without slots, since orjson dumps those slower.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from features.profile import UserId
from features.user_features import Coverage

Share = Annotated[float, Field(ge=0, le=1)]
Cosine = Annotated[float, Field(ge=-1.001, le=1.001)]
Index = Annotated[str, Field(description="Version of the index that was searched.")]


@dataclass(frozen=True)
class Towers:
    """Cosine of two people by part of their taste; null where one of them lacks that part."""

    genre: Cosine | None
    artist: Cosine | None
    playlist: Cosine | None


@dataclass(frozen=True)
class Decade:
    """How much of the listening of each of the two was released in a decade."""

    decade: Annotated[str, Field(description="Such as 1990s; the first and the last hold what is older and newer.")]
    one: Share
    other: Share


@dataclass(frozen=True)
class Eras:
    """The release years of two people's listening side by side."""

    overlap: Annotated[Share, Field(description="What both have in common of all decades; 1 where they are alike.")]
    decades: Annotated[tuple[Decade, ...], Field(description="Those in which either listens, oldest first.")]


@dataclass(frozen=True)
class Recommendation:
    """A person with kindred taste, and why."""

    user_id: UserId
    display_name: str | None
    profile_url: str | None
    similarity: Annotated[
        Cosine,
        Field(description="Cosine of the two user embeddings; with examples, of the question that they bend and this."),
    ]
    percentile: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None,
        Field(description="Share of random pairs of people, in percent, who are less alike than these two."),
    ]
    confidence: Annotated[
        Share,
        Field(description="How far the similarity can be trusted; low where little is known of either person."),
    ]
    shared_artists: Annotated[tuple[str, ...], Field(description="Rarest first.")]
    shared_genres: Annotated[tuple[str, ...], Field(description="Rarest first.")]
    towers: Towers


@dataclass(frozen=True)
class Soundalike(Recommendation):
    """A person with kindred taste, and the eras of who asks (one) beside theirs (other)."""

    eras: Annotated[
        Eras | None,
        Field(
            description="Of the listening that was used; null where the release years of one of the two are unknown."
        ),
    ]


@dataclass(frozen=True)
class Discovery:
    """An artist that the nearest people love and the asker does not have."""

    artist: str
    score: Annotated[float, Field(ge=0, description="Weighted vote of the nearest people.")]
    people: Annotated[int, Field(ge=1, description="How many of the nearest people have the artist.")]


@dataclass(frozen=True)
class SimilarPeople:
    """The people nearest to a known person, most similar first."""

    user_id: UserId
    model_version: int
    index: Index
    recommendations: tuple[Recommendation, ...]
    next_cursor: Annotated[str | None, Field(description="Asks, as cursor, for the next people; null at the end.")]


@dataclass(frozen=True)
class Recommendations:
    """The people nearest to a profile, most similar first, and the artists to discover through them."""

    user_id: Annotated[UserId | None, Field(description="Whom the question was for; null if nobody in particular.")]
    model_version: int
    index: Index
    coverage: Annotated[
        Coverage | None,
        Field(description="Share of the listening with known genres and release years; null where nobody asks."),
    ]
    stored: Annotated[bool, Field(description="Whether this person is part of the community now.")]
    recommendations: tuple[Soundalike, ...]
    discoveries: Annotated[
        tuple[Discovery, ...], Field(description="Empty where fewer than five people are left to tell of them.")
    ]
    leave_code: Annotated[
        str | None,
        Field(description="Shown this once, to who joined and asked for it: what POST /v1/mine/export knows them by."),
    ] = None


@dataclass(frozen=True)
class Counts:
    """How much of a person's listening is kept."""

    playlists: int
    artists: int
    genres: int


@dataclass(frozen=True)
class Person:
    """What is kept of a person, in brief."""

    user_id: UserId
    display_name: str | None
    profile_url: str | None
    source: str
    updated_at: datetime
    coverage: Coverage
    counts: Counts
    top_artists: tuple[str, ...]
    top_genres: tuple[str, ...]
    decades: Annotated[dict[str, Share], Field(description="Share of the listening by decade of release.")]
