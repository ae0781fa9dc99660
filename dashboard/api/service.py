"""Answers about the service: how it is and was, its models, its jobs. A test holds them against the API's document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.api.people import Answer


class ModelStatus(Answer):
    """The model of the live index."""

    version: int
    created_at: datetime | None
    age_s: float | None


class IndexStatus(Answer):
    """The live index."""

    version: str
    built_at: datetime
    age_s: float
    people: int | None
    recall_at_10: float


class FeaturesStatus(Answer):
    """The feature store; None where it does not answer."""

    people: int | None
    text_model: str
    age_s: float | None


class OutboxStatus(Answer):
    """What was acknowledged and is not in the feature store yet."""

    waiting: int
    oldest_s: float


class SpotifyStatus(Answer):
    """What Spotify lets the server read: ``extended``, ``dev`` or ``none``."""

    mode: str
    why: str
    login: bool


class Status(Answer):
    """Everything at a glance; ``status`` is ready, degraded or not ready."""

    status: str
    reasons: tuple[str, ...]
    model: ModelStatus
    index: IndexStatus
    features: FeaturesStatus
    outbox: OutboxStatus
    encoding_waiting: int
    spotify: SpotifyStatus


class History(Answer):
    """How it was, in columns of equal length; ages in seconds."""

    at: tuple[datetime, ...]
    people: tuple[int | None, ...]
    outbox_waiting: tuple[int | None, ...]
    index_age_s: tuple[float | None, ...]
    model_age_s: tuple[float | None, ...]


class Model(Answer):
    """A registered model; ``compared``: method to metrics; ``curve``: one row an epoch."""

    version: int
    created_at: datetime | None
    accepted: bool
    verdict: str
    metrics: dict[str, float]
    people: int | None
    text_model: str | None
    compared: dict[str, dict[str, float | None]]
    curve: tuple[dict[str, Any], ...]


class Models(Answer):
    """All of them, newest first."""

    live: int | None
    models: tuple[Model, ...]


class Job(Answer):
    """A job of the operator's; ``state`` is running, done, failed or rejected; ``said`` its last lines."""

    id: str
    kind: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    said: tuple[str, ...]


class Jobs(Answer):
    """Newest first."""

    jobs: tuple[Job, ...]
