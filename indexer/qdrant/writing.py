"""Adding people to a collection that is being filled: in the process that builds it, or beside it in others."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from qdrant_client import models

from indexer.payload import CONTENT
from indexer.points import points_of
from indexer.ports import PersonVector
from indexer.qdrant.collection import Collection, structs
from indexer.qdrant.line import Line
from indexer.qdrant.settings import QdrantSettings
from indexer.qdrant.upload import Upload

_SAME_WITHIN = 1e-5  # engines embed in batches of other sizes, which moves the last digits


class Adding:
    """Adds people, some time after they are given."""

    def __init__(self, line: Line, collection: Collection, width: int, builder: int, *, goes_on: bool) -> None:
        """``goes_on``: builders before the one of this number have added people; who is the same is passed over."""
        self._collection, self._width, self._goes_on = collection, width, goes_on
        self._upload = Upload(line, collection.name, builder)
        self.drain = self._upload.drain

    def add(self, people: Sequence[PersonVector]) -> int:
        """Add a batch; returns how many had to be written."""
        points = points_of(people, self._width)
        if self._goes_on:
            records = self._collection.retrieve((point for point, _, _ in points), [CONTENT], vectors=True)
            held = {UUID(str(record.id)): record for record in records}
            points = [each for each in points if each[0] not in held or not _is_same(held[each[0]], each[1], each[2])]
        self._upload.put(structs(points))
        return len(points)


def _is_same(held: models.Record, vector: list[float], payload: dict[str, object]) -> bool:
    """The vector is compared, too: another model may bear the number of the one that the builder before had."""
    content = (held.payload or {}).get(CONTENT)
    if content is None or content != payload.get(CONTENT):
        return False
    return bool(np.allclose(np.asarray(held.vector, np.float32), np.asarray(vector, np.float32), atol=_SAME_WITHIN))


class QdrantWriter:
    """The same, from a process that knows nothing but this."""

    def __init__(self, settings: QdrantSettings, collection: str, width: int, builder: int, *, goes_on: bool) -> None:
        """``collection`` as the server names it."""
        line = Line(settings)  # open until the process ends
        # What is read back may wait behind what is written, and nobody waits for an answer.
        points = Collection(line, collection, search_within_s=settings.qdrant_admin_timeout_s)
        self._adding = Adding(line, points, width, builder, goes_on=goes_on)

    def add(self, people: Sequence[PersonVector]) -> None:
        """Add a batch; it is written when this returns. Raises IndexUnavailable."""
        self._adding.add(people)
        self._adding.drain()
