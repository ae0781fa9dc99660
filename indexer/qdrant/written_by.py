"""Which builder wrote a point, and so who may write over it. Each point of an upload says so; nobody is shown it."""

from __future__ import annotations

from collections.abc import Iterable

from qdrant_client import models

BUILDER = "builder"
"""Field of the payload with the number of the builder that wrote it; none where a server wrote it since."""
EVERYTHING_ELSE = models.PayloadSelectorExclude(exclude=[BUILDER])


def by_builder(builder: int, points: Iterable[models.PointStruct]) -> list[models.PointStruct]:
    """The points as a builder of this number writes them."""
    return [point.model_copy(update={"payload": {**(point.payload or {}), BUILDER: builder}}) for point in points]


def written_before(builder: int) -> models.Filter:
    """Points that builders of lower numbers wrote: not this one, none that took over from it, and no server since."""
    return models.Filter(must=[models.FieldCondition(key=BUILDER, range=models.Range(lt=builder))])
