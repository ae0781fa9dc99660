"""What the service answers when it is asked about two people; see ``retriever.answers`` for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from features.profile import UserId
from retriever.answers import Cosine, Eras, Index, Share, Towers


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two."""

    user_id: UserId
    display_name: str | None
    profile_url: str | None
    only: Annotated[
        tuple[str, ...], Field(description="Artists that this one loves and the other does not have; heaviest first.")
    ]


@dataclass(frozen=True, slots=True)
class Compatibility:
    """How two people fit; asked the other way round, the sides change places and nothing else but spelling."""

    model_version: int
    index: Index
    one: Side
    other: Side
    score: Annotated[
        float, Field(ge=0, le=100, description="The similarity in percent; 0 where taste points away from each other.")
    ]
    similarity: Annotated[Cosine, Field(description="Cosine of the two user embeddings.")]
    percentile: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None,
        Field(description="Share of random pairs of people, in percent, who are less alike than these two."),
    ]
    confidence: Annotated[
        Share, Field(description="How far the score can be trusted; low where little is known of either person.")
    ]
    towers: Towers
    shared_artists: Annotated[tuple[str, ...], Field(description="Rarest first, as the one spells them.")]
    shared_genres: Annotated[tuple[str, ...], Field(description="Rarest first.")]
    eras: Annotated[Eras | None, Field(description="Null where the release years of one of the two are unknown.")]
