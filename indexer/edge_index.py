"""UserIndex on Qdrant Edge, Qdrant's own engine in this process.

The engine holds the GIL while it works and must not be carried across a fork. People written since the version was
built lie in a second segment that is compared one by one; only the builder ever rebuilds the graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import IO
from uuid import UUID

import numpy as np
import numpy.typing as npt
from qdrant_edge import (
    CountRequest,
    EdgeShard,
    Filter,
    Point,
    Query,
    QueryRequest,
    ScoredPoint,
    ScrollRequest,
    UpdateOperation,
)

from features.identity import point_id
from features.profile import UserId
from indexer.edge_filter import filter_of
from indexer.edge_shard import engine, search_params
from indexer.payload import CONTENT
from indexer.points import FEW, USER_ID, content_of, nearest, person_of, points_of
from indexer.ports import EVERYBODY, IndexVersion, Neighbour, Payload, PersonVector, Where
from indexer.settings import IndexSettings
from indexer.vectors import unit

_FLUSH_EVERY = 500  # writes; unflushed, old states of the same people pile up on the disk, and in the next opening


class EdgeUserIndex:
    """One opened version in a shard."""

    def __init__(
        self, shard: EdgeShard, version: IndexVersion, settings: IndexSettings, *, lock: IO[bytes] | None
    ) -> None:
        """Takes over ``shard``, and ``lock`` if there is one; both are let go by :meth:`close`."""
        self._shard = shard
        self._version = version
        self._lock = lock
        self._closed = False
        self._unflushed = 0
        self._params = {exact: search_params(settings, exact=exact) for exact in (False, True)}

    @property
    def is_shared(self) -> bool:
        """Never: a shard belongs to one process."""
        return False

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
        query = Query.Nearest(unit(vector, self._version.width).tolist())
        # A few people too many cost less than a filter, which the engine must ask at every step through the graph.
        if where != EVERYBODY or len(exclude) > FEW:
            return self._nearest(query, limit, filter_of(where, exclude), exact=exact)
        found = self._nearest(query, limit + len(exclude), exact=exact)
        return [neighbour for neighbour in found if neighbour.user_id not in exclude][:limit]

    def near(self, user_id: UserId, limit: int) -> tuple[Payload, list[Neighbour]] | None:
        """Payload of somebody in the index, and the people nearest to them; None for somebody unknown."""
        with engine("The index cannot be read"):
            records = self._shard.retrieve([point_id(user_id)], False, True)
        if not records:
            return None
        # The vector as it lies there, with no detour over an array.
        query = Query.Nearest(records[0].vector)  # type: ignore[arg-type]  # one vector without a name
        found = self._nearest(query, limit + 1)
        neighbours = [neighbour for neighbour in found if neighbour.user_id != user_id]
        mine = [neighbour.payload for neighbour in found if neighbour.user_id == user_id]
        if not mine:  # as good as never, since everybody is nearest to themselves; or deleted in between
            mine = [person.payload for person in self.get([user_id]).values()]
        return (mine[0], neighbours[:limit]) if mine else None

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, PersonVector]:
        """Those of ``user_ids`` who are in the index."""
        with engine("The index cannot be read"):
            records = self._shard.retrieve([point_id(user_id) for user_id in user_ids], True, True)
        people = [person_of(record.payload, record.vector) for record in records]
        return {person.user_id: person for person in people}

    def upsert(self, people: Sequence[PersonVector]) -> None:
        """Add or replace; in the write-ahead log when it returns, so that a crash of the process loses nobody."""
        if not people:
            return
        points = [Point(*point) for point in points_of(people, self._version.width)]
        with engine("The index cannot be written"):
            self._shard.update(UpdateOperation.upsert_points(points))
            self._flush_now_and_then()

    def delete(self, points: Iterable[UUID]) -> None:
        """Delete by ``features.identity.point_id``; unknown ones are no error."""
        ids = list(points)
        if not ids:
            return
        with engine("The index cannot be written"):
            self._shard.update(UpdateOperation.delete_points(ids))  # type: ignore[arg-type]  # a list is invariant
            self._flush_now_and_then()

    def _flush_now_and_then(self) -> None:
        self._unflushed += 1
        if self._unflushed >= _FLUSH_EVERY:
            self._shard.flush()
            self._unflushed = 0

    def contents(self, batch_size: int = 2000) -> Iterator[dict[UserId, str]]:
        """Everybody with the ``content`` of their payload ('' where there is none), in batches; none twice."""
        following = None
        while True:
            with engine("The index cannot be read"):
                records, following = self._shard.scroll(ScrollRequest(following, batch_size, None, [USER_ID, CONTENT]))
            yield dict(content_of(record.payload) for record in records)
            if following is None:
                return

    def walk(self, fields: Collection[str] | None, batch_size: int = 100) -> Iterator[list[PersonVector]]:
        """Everybody in batches, by ``point_id``, with those ``fields`` of their payload; 3 ms for 100 people."""
        shown, following = True if fields is None else [USER_ID, *fields], None
        while True:
            with engine("The index cannot be read"):
                records, following = self._shard.scroll(ScrollRequest(following, batch_size, None, shown, True))
            yield [person_of(record.payload, record.vector) for record in records]
            if following is None:
                return

    def count(self) -> int:
        """Number of people, exact."""
        with engine("The index cannot be counted"):
            return self._shard.count(CountRequest(exact=True))

    def close(self) -> None:
        """Flush and let go, once; afterwards every call raises ``IndexUnavailable``."""
        if self._closed:
            return
        self._closed = True
        try:
            with engine("The index cannot be closed"):
                self._shard.close()
        finally:
            if self._lock:
                self._lock.close()

    def _nearest(
        self, query: Query, limit: int, allowed: Filter | None = None, *, exact: bool = False
    ) -> list[Neighbour]:
        def ask(wanted: int) -> list[ScoredPoint]:
            request = QueryRequest(wanted, query=query, with_payload=True, filter=allowed, params=self._params[exact])
            with engine("The index cannot be searched"):
                return self._shard.query(request)

        return nearest(limit, ask)
