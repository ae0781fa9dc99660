"""VersionBuilder on a Qdrant server: a collection grows without a label, and is labelled once it is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from uuid import UUID

from indexer.errors import IndexUnavailable
from indexer.payload import CONTENT
from indexer.points import points_of
from indexer.ports import IndexVersion, PersonVector
from indexer.qdrant.collection import Collection, structs
from indexer.qdrant.index import QdrantUserIndex
from indexer.qdrant.leases import Lease
from indexer.qdrant.line import Line
from indexer.qdrant.making import wait_until_green
from indexer.qdrant.shelf import Shelf
from indexer.qdrant.upload import Upload

_AT_ONCE = 1_000

Seal = Callable[[str, IndexVersion], None]
"""Labels a collection, by its name, as the version."""


class QdrantVersionBuilder:
    """A version being filled; nobody can search it before it is published."""

    def __init__(
        self, line: Line, shelf: Shelf, collection: str, version: IndexVersion, leases: Sequence[Lease]
    ) -> None:
        """Takes over ``leases``, which tell other processes that the collection is being built."""
        self._line, self._shelf, self._collection = line, shelf, collection
        self._leases = leases
        # A version is proven by exact searches, while the server may still be busy: nobody waits for an answer.
        patience_s = line.settings.qdrant_admin_timeout_s
        self._points = Collection(line, shelf.on_server(collection), search_within_s=patience_s)
        self._upload = Upload(line, self._points.name)
        self._index = QdrantUserIndex(self._points, version, lambda: None)
        self._is_done = False

    def add(self, people: Sequence[PersonVector]) -> int:
        """Add a batch; all of it is new."""
        points = points_of(people, self._index.version.width)
        self._upload.put(structs(points))
        return len(points)

    def finish(self) -> QdrantUserIndex:
        """Wait until all is written and the graph built; the returned index is for checking.

        Its ``version`` bears the name, the model's version and the width; the rest is for the builder to find out.
        """
        self._upload.drain()
        wait_until_green(self._line, self._points.name, self._index.version.width)
        return self._index

    def seal(self, version: IndexVersion) -> None:
        """Write the version's facts and make it publishable. Raises IndexUnavailable where it is another one."""
        name = self._index.version.name
        if version.name != name:
            raise IndexUnavailable(f"The version {version.name} cannot be sealed as {name}.")
        self._shelf.finish(self._collection, version)
        self._label(name)
        self._end()

    def abort(self) -> None:
        """Leave nothing behind, where the server can be reached; a sealed version stays."""
        if not self._is_done:
            with ExitStack() as last_of_all_first:
                last_of_all_first.callback(self._end)
                last_of_all_first.enter_context(suppress(IndexUnavailable))  # swept away by the next builder
                self._shelf.drop(self._collection)

    def pause(self) -> None:
        """Leave what was uploaded for the next builder of the same model."""
        if not self._is_done:
            self._end()

    def _label(self, name: str) -> None:
        self._shelf.point({name: self._collection})

    def _end(self) -> None:
        self._is_done = True
        self._index.close()
        for lease in self._leases:
            lease.release()


class ResumedBuilder(QdrantVersionBuilder):
    """A version that another process began to fill: who is there as they are to be is not written again."""

    def __init__(
        self, line: Line, shelf: Shelf, collection: str, version: IndexVersion, leases: Sequence[Lease]
    ) -> None:
        """As for a new one; ``collection`` may hold anybody."""
        super().__init__(line, shelf, collection, version, leases)
        self._met: set[bytes] = set()

    def add(self, people: Sequence[PersonVector]) -> int:
        """Add a batch, but for those who are there with the same content: the model is the same, so is the vector."""
        points = points_of(people, self._index.version.width)
        self._met.update(point.bytes for point, _, _ in points)
        records = self._points.retrieve((point for point, _, _ in points), [CONTENT], vectors=False)
        held = {UUID(str(record.id)): (record.payload or {}).get(CONTENT) for record in records}
        missing = [each for each in points if held.get(each[0]) is None or held[each[0]] != each[2].get(CONTENT)]
        self._upload.put(structs(missing), anew=True)
        return len(missing)

    def finish(self) -> QdrantUserIndex:
        """The same, after those were deleted who are not to be in it: they left after the other process had them."""
        self._upload.drain()
        for records in self._points.scroll(False, _AT_ONCE, vectors=False):
            points = [UUID(str(record.id)) for record in records]
            self._points.delete([point for point in points if point.bytes not in self._met])
        return super().finish()
