"""One collection on a Qdrant server: this room's questions and writes, each in time, in batches of a bearable size."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar
from uuid import UUID

from qdrant_client import AsyncQdrantClient, models

from indexer.qdrant.line import Answer, Call, Line
from indexer.qdrant.narrowing import search_params
from indexer.qdrant.written_by import EVERYTHING_ELSE, by_builder, written_before

READING, SEARCHING, WRITING = (f"The index cannot be {done}" for done in ("read", "searched", "written"))

ORDERED = models.WriteOrdering.MEDIUM
"""Several processes may write the same point at once, which all replicas must take in the same order: so through one of
them, another once it is lost (for a moment, while that changes, in two orders). STRONG knows no other, and would refuse
to write until that very node is back."""

Origin = list[float] | str
"""Where a search goes out from: a vector, or the id of a point, which is then not found."""
Records = list[models.Record]
Scored = list[models.ScoredPoint]
Item = TypeVar("Item")


class Collection:
    """Asks for points and writes them; every method may raise IndexUnavailable."""

    def __init__(
        self, line: Line, name: str, *, search_within_s: float | None = None, builder: int | None = None
    ) -> None:
        """``name`` is the collection's or an alias of it, ``builder`` who writes, where it is one.

        What is not given is as the settings have it.
        """
        self.name, self._builder = name, builder
        self._line, settings = line, line.settings
        is_quantised = settings.qdrant_quantization != "none"
        self._params = {
            exact: search_params(settings, exact=exact, is_quantised=is_quantised) for exact in (False, True)
        }
        self._within_s = settings.qdrant_search_timeout_s if search_within_s is None else search_within_s
        self._seconds = math.ceil(self._within_s)  # for the server, which knows whole ones only

    def search(
        self, origin: Origin, wanted: int, allowed: models.Filter | None = None, *, exact: bool = False
    ) -> Scored:
        """The nearest points, with their payloads, the most similar first."""
        return self._read(SEARCHING, lambda client: self._query(client, origin, wanted, allowed, exact=exact))

    def point_and_nearest(self, point: str, wanted: int) -> tuple[Records, Scored]:
        """A point's payload and the nearest others, asked for at once; two empty lists where there is no such point."""

        async def both(client: AsyncQdrantClient) -> tuple[Records, Scored]:
            records, found = await asyncio.gather(
                client.retrieve(self.name, [point], with_payload=EVERYTHING_ELSE),
                self._query(client, point, wanted),
                return_exceptions=True,
            )
            if isinstance(records, BaseException):
                raise records
            if not records:  # and the search has failed, as it had nowhere to go out from
                return [], []
            if isinstance(found, BaseException):
                raise found
            return records, found

        return self._read(SEARCHING, both)

    def retrieve(self, points: Iterable[UUID], shown: bool | list[str] = True, *, vectors: bool = True) -> Records:
        """Those of ``points`` that are there, with the payload's fields that are to be ``shown``."""
        records: Records = []
        for some in self._batches(map(str, points)):
            records += self._retrieved(some, shown, vectors=vectors)
        return records

    def scroll(self, shown: bool | list[str], size: int, *, vectors: bool) -> Iterator[Records]:
        """All points by id, in batches of ``size``."""
        following: models.ExtendedPointId | None = None
        while True:
            records, following = self._scrolled(following, shown, size, vectors=vectors)
            yield records
            if following is None:
                return

    def count(self) -> int:
        """How many points there are, exactly."""
        return self._read("The index cannot be counted", lambda client: client.count(self.name, exact=True)).count

    def upsert(self, points: Iterable[models.PointStruct]) -> None:
        """Add or replace points; on disk, and to be found, when it returns."""
        for some in self._batches(points):
            self._upserted(some)

    def delete(self, points: Iterable[UUID]) -> None:
        """Delete points; unknown ones are no error."""
        for some in self._batches(map(str, points)):
            self._deleted(some)

    async def _query(
        self,
        client: AsyncQdrantClient,
        origin: Origin,
        wanted: int,
        allowed: models.Filter | None = None,
        *,
        exact: bool = False,
    ) -> Scored:
        answer = await client.query_points(
            self.name,
            query=origin,
            limit=wanted,
            query_filter=allowed,
            search_params=self._params[exact],
            with_payload=EVERYTHING_ELSE,
            timeout=self._seconds,
        )
        return answer.points

    def _retrieved(self, points: Sequence[str], shown: bool | list[str], *, vectors: bool) -> Records:
        return self._read(
            READING,
            lambda client: client.retrieve(self.name, points, with_payload=_shown(shown), with_vectors=vectors),
        )

    def _scrolled(
        self, start: models.ExtendedPointId | None, shown: bool | list[str], size: int, *, vectors: bool
    ) -> tuple[Records, models.ExtendedPointId | None]:
        return self._line.read(
            READING,
            lambda client: client.scroll(
                self.name, offset=start, limit=size, with_payload=_shown(shown), with_vectors=vectors
            ),
            within_s=self._line.settings.qdrant_write_timeout_s,
        )

    def _read(self, doing: str, call: Call[Answer]) -> Answer:
        return self._line.read(doing, call, within_s=self._within_s)

    def _upserted(self, points: Sequence[models.PointStruct]) -> None:
        unless = None
        if self._builder is not None:  # over what it has uploaded, too
            points, unless = by_builder(self._builder, points), written_before(self._builder + 1)
        self._line.write(
            WRITING,
            lambda client: client.upsert(self.name, points, wait=True, ordering=ORDERED, update_filter=unless),
        )

    def _deleted(self, points: list[str]) -> None:
        chosen = models.PointIdsList(points=list(points))
        self._line.write(WRITING, lambda client: client.delete(self.name, chosen, wait=True, ordering=ORDERED))

    def _batches(self, items: Iterable[Item]) -> Iterator[list[Item]]:
        rest = iter(items)
        while some := list(islice(rest, self._line.settings.qdrant_upload_batch)):
            yield some


def structs(points: Iterable[tuple[UUID, list[float], dict[str, object]]]) -> list[models.PointStruct]:
    """Points (``indexer.points.points_of``) as the client takes them."""
    return [models.PointStruct(id=str(point), vector=vector, payload=payload) for point, vector, payload in points]


def _shown(fields: bool | list[str]) -> bool | list[str] | models.PayloadSelectorExclude:
    return EVERYTHING_ELSE if fields is True else fields
