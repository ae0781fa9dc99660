"""UserIndex on a Qdrant server: many processes may have the same version open, and each sees what the others write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexUnavailable
from indexer.payload import CONTENT
from indexer.points import FEW, USER_ID, content_of, nearest, person_of, points_of
from indexer.ports import EVERYBODY, IndexVersion, Neighbour, Payload, PersonVector, Where
from indexer.qdrant.collection import Collection as Points
from indexer.qdrant.collection import structs
from indexer.qdrant.narrowing import filter_of
from indexer.vectors import unit


class QdrantServerIndex:
    """One opened version in a collection."""

    def __init__(self, points: Points, version: IndexVersion, let_go: Callable[[], None]) -> None:
        """``let_go`` is called once, when the index is closed."""
        self._open: Points | None = points
        self._version, self._let_go = version, let_go

    @property
    def is_shared(self) -> bool:
        """Always: nobody has a collection alone."""
        return True

    @property
    def version(self) -> IndexVersion:
        """Which version this is."""
        return self._version

    def search(
        self,
        vector: npt.NDArray[np.float32],
        limit: int,
        *,
        exclude: Sequence[UserId] = (),
        where: Where = EVERYBODY,
        exact: bool = False,
    ) -> list[Neighbour]:
        """The nearest people, most similar first, ties by user id: also those between the last one in and out."""
        query, points = unit(vector, self._version.width).tolist(), self._points
        if where != EVERYBODY or len(exclude) > FEW:
            allowed = filter_of(where, exclude)
            return nearest(limit, lambda wanted: points.search(query, wanted, allowed, exact=exact))
        found = nearest(limit + len(exclude), lambda wanted: points.search(query, wanted, exact=exact))
        return [neighbour for neighbour in found if neighbour.user_id not in exclude][:limit]

    def near(self, user_id: UserId, limit: int) -> tuple[Payload, list[Neighbour]] | None:
        """Payload of somebody in the index, and the people nearest to them; None for somebody unknown."""
        point, points = str(point_id(user_id)), self._points
        records, found = points.point_and_nearest(point, limit + 1)
        if not records:
            return None
        first = iter([found])
        neighbours = nearest(limit, lambda wanted: next(first, None) or points.search(point, wanted))
        return person_of(records[0].payload, ()).payload, neighbours

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, PersonVector]:
        """Those of ``user_ids`` who are in the index."""
        records = self._points.retrieve(map(point_id, user_ids))
        people = [person_of(record.payload, record.vector) for record in records]
        return {person.user_id: person for person in people}

    def upsert(self, people: Sequence[PersonVector]) -> None:
        """Add or replace; on the server's disk, and to be found, when it returns."""
        self._points.upsert(structs(points_of(people, self._version.width)))

    def delete(self, points: Iterable[UUID]) -> None:
        """Delete by ``features.identity.point_id``; unknown ones are no error."""
        self._points.delete(points)

    def contents(self, batch_size: int = 2000) -> Iterator[dict[UserId, str]]:
        """Everybody with the ``content`` of their payload ('' where there is none), in batches; none twice."""
        for records in self._points.scroll([USER_ID, CONTENT], batch_size, vectors=False):
            yield dict(content_of(record.payload) for record in records)

    def walk(self, fields: Collection[str] | None, batch_size: int = 100) -> Iterator[list[PersonVector]]:
        """Everybody in batches, by ``point_id``, with those ``fields`` of their payload; None: all."""
        shown = True if fields is None else [USER_ID, *fields]
        for records in self._points.scroll(shown, batch_size, vectors=True):
            yield [person_of(record.payload, record.vector) for record in records]

    def count(self) -> int:
        """Number of people, exact."""
        return self._points.count()

    def close(self) -> None:
        """Let go, once; afterwards every call raises ``IndexUnavailable``."""
        if self._open is not None:
            self._open = None
            self._let_go()

    @property
    def _points(self) -> Points:
        if self._open is None:
            raise IndexUnavailable(f"The index {self._version.name} was closed.")
        return self._open
