"""Adding people to a collection that is being filled: in the process that builds it, or beside it in others."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from indexer.payload import CONTENT
from indexer.points import points_of
from indexer.ports import PersonVector
from indexer.qdrant.collection import Collection, structs
from indexer.qdrant.line import Line
from indexer.qdrant.settings import QdrantSettings
from indexer.qdrant.upload import Upload


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
            # The model is the same, so whose content is the same has the same vector.
            records = self._collection.retrieve((point for point, _, _ in points), [CONTENT], vectors=False)
            held = {UUID(str(record.id)): (record.payload or {}).get(CONTENT) for record in records}
            points = [each for each in points if held.get(each[0]) is None or held[each[0]] != each[2].get(CONTENT)]
        self._upload.put(structs(points))
        return len(points)


class QdrantWriter:
    """The same, from a process that knows nothing but this."""

    def __init__(self, settings: QdrantSettings, collection: str, width: int, builder: int, *, goes_on: bool) -> None:
        """``collection`` as the server names it."""
        line = Line(settings)  # open until the process ends
        self._adding = Adding(line, Collection(line, collection), width, builder, goes_on=goes_on)

    def add(self, people: Sequence[PersonVector]) -> None:
        """Add a batch; it is written when this returns. Raises IndexUnavailable."""
        self._adding.add(people)
        self._adding.drain()
