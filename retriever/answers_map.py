"""What the service answers when it is asked for the map of everybody; how it is drawn: ``retriever.drawing``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from features.profile import UserId
from retriever.answers import Index, Share


@dataclass(frozen=True)
class MapPoints:
    """People by column, each of the same length."""

    user_id: tuple[UserId, ...]
    name: tuple[str | None, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    genre: Annotated[tuple[str | None, ...], Field(description="The heaviest one; null where none is known.")]


@dataclass(frozen=True)
class TasteMap:
    """Everybody, or a sample, on a plane: who lies close together listens alike, as far as two axes can tell."""

    index: Index
    model_version: int
    method: Literal["pca"]
    explained: Annotated[
        tuple[Share, Share], Field(description="Shares of what people differ by that the two axes show.")
    ]
    people: Annotated[int, Field(ge=0, description="In the index; at most 20,000 of them are points.")]
    points: MapPoints
