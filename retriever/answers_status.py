"""What the service answers when it is asked how it is; see ``retriever.status`` for how that is found out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

Seconds = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can answer: ``ready``; ``degraded`` or ``not ready`` for ``reasons``."""

    status: Literal["ready", "degraded", "not ready"]
    model_version: int
    index: str
    people: int | None
    waiting: Annotated[int | None, Field(description="Acknowledged writes that are not in the feature store yet.")]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """The model of the live index."""

    version: int
    created_at: datetime | None
    age_s: Seconds | None


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The live index."""

    version: str
    built_at: datetime
    age_s: Seconds
    people: int | None
    people_when_built: int
    recall_at_10: float


@dataclass(frozen=True, slots=True)
class FeaturesStatus:
    """The feature store; null where it does not answer."""

    people: int | None
    text_model: str
    changed_at: datetime | None
    age_s: Seconds | None


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """What was acknowledged and is not in the feature store yet."""

    waiting: int
    oldest_s: Seconds


@dataclass(frozen=True, slots=True)
class SpotifyStatus:
    """What Spotify lets this server read: asked, never assumed.

    ``extended``: public profiles by their link; ``dev``: only the library of people who log in; ``none``: nothing.
    """

    mode: Literal["extended", "dev", "none"]
    why: str
    login: Annotated[bool, Field(description="Whether people can log in, at /v1/spotify/login.")]


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at a glance."""

    status: Literal["ready", "degraded", "not ready"]
    reasons: tuple[str, ...]
    model: ModelStatus
    index: IndexStatus
    features: FeaturesStatus
    outbox: OutboxStatus
    encoding_waiting: int
    spotify: SpotifyStatus


@dataclass(frozen=True, slots=True)
class StatusHistory:
    """How it was, every five minutes, by column and oldest first; null where something was not known."""

    at: tuple[datetime, ...]
    people: tuple[int | None, ...]
    outbox_waiting: tuple[int | None, ...]
    index_age_s: tuple[Seconds | None, ...]
    model_age_s: tuple[Seconds | None, ...]
