"""What the service answers when it is asked which models there are; where that comes from: ``retriever.models``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

Figures = dict[str, float]


@dataclass(frozen=True)
class ModelAbout:
    """A registered model, and what was found out about it."""

    version: int
    created_at: datetime
    accepted: Annotated[bool, Field(description="Whether it was let take the live model's place.")]
    verdict: Annotated[str, Field(description="Why, in a sentence.")]
    metrics: Figures
    people: Annotated[int | None, Field(description="How many it was trained on.")]
    text_model: str
    compared: Annotated[
        dict[str, Figures],
        Field(description="The same metrics of this model and of its rivals, by method; empty without a report."),
    ]
    curve: Annotated[list[Figures], Field(description="Losses by epoch, from 1; empty without a report.")]


@dataclass(frozen=True)
class Models:
    """All models, newest first."""

    live: Annotated[int | None, Field(description="Version of the model of the live index.")]
    models: tuple[ModelAbout, ...]
