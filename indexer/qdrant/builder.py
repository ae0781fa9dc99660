"""VersionBuilder on a Qdrant server: a collection grows without a label, and is labelled once it is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexUnavailable
from indexer.ports import NEVER_CLEARED, IndexVersion, PersonVector
from indexer.qdrant.collection import Collection
from indexer.qdrant.green import wait_until_green
from indexer.qdrant.index import QdrantServerIndex
from indexer.qdrant.leases import Lease
from indexer.qdrant.line import Line
from indexer.qdrant.shelf import Shelf
from indexer.qdrant.writing import Adding, QdrantWriter

_AT_ONCE = 1_000


@dataclass(frozen=True)
class Claim:
    """What a builder has for itself: a collection, its number among builders, and the leases that tell others so."""

    collection: str
    builder: int
    leases: Sequence[Lease]


class QdrantVersionBuilder:
    """A version being filled; nobody can search it before it is published."""

    _goes_on = False

    def __init__(self, line: Line, shelf: Shelf, claim: Claim, version: IndexVersion) -> None:
        """Takes over the leases of the ``claim``."""
        self._line, self._shelf, self._claim, self._collection = line, shelf, claim, claim.collection
        # A version is proven by exact searches, while the server may still be busy: nobody waits for an answer.
        patience_s = line.settings.qdrant_admin_timeout_s
        self._points = Collection(
            line, shelf.on_server(claim.collection), search_within_s=patience_s, builder=claim.builder
        )
        self._adding = Adding(line, self._points, version.width, claim.builder, goes_on=self._goes_on)
        self._index = QdrantServerIndex(self._points, version, lambda: None)
        self._is_done = False

    def add(self, people: Sequence[PersonVector]) -> int:
        """Add a batch; returns how many had to be written."""
        self.added([person.user_id for person in people])
        return self._adding.add(people)

    def writer(self) -> Callable[[], QdrantWriter]:
        """What other processes may add people with."""
        where = (self._points.name, self._index.version.width, self._claim.builder)
        return partial(QdrantWriter, self._line.settings, *where, goes_on=self._goes_on)

    def added(self, user_ids: Sequence[UserId]) -> None:
        """Told of those who were added with a writer."""

    def finish(self) -> QdrantServerIndex:
        """Wait until all is written and the graph built; the returned index is for checking.

        Its ``version`` bears the name, the model's version and the width; the rest is for the builder to find out.

        Raises:
            IndexUnavailable: another process has taken over, or the server fails. IndexRejected: it cannot build it.
        """
        self._adding.drain()
        self._must_be_mine()
        self._tidy_up()
        wait_until_green(self._line, self._points.name, self._index.version.width)
        return self._index

    def seal(self, version: IndexVersion) -> None:
        """Write the version's facts and make it publishable. Raises IndexUnavailable where it is another one."""
        name = self._index.version.name
        if version.name != name:
            raise IndexUnavailable(f"The version {version.name} cannot be sealed as {name}.")
        self._must_be_mine()
        self._shelf.finish(self._collection, version)
        self._label(name)
        self._end()

    def abort(self) -> None:
        """Leave nothing behind, where the server can be reached; a sealed version stays."""
        if not self._is_done:
            with ExitStack() as last_of_all_first:
                last_of_all_first.callback(self._end)
                last_of_all_first.enter_context(suppress(IndexUnavailable))  # swept away by the next builder
                self._must_be_mine()
                self._shelf.drop(self._collection)

    def pause(self) -> None:
        """Leave what was uploaded for the next builder of the same model."""
        if not self._is_done:
            self._end()

    def _tidy_up(self) -> None:
        """Delete whom a builder before has left; a new collection has nobody."""

    def _must_be_mine(self) -> None:
        """For this process may have stood still for so long that another has taken over. Raises IndexUnavailable."""
        if not all(lease.is_mine() for lease in self._claim.leases):
            raise IndexUnavailable(
                f"Another process has taken over the building of {self._points.name}.",
                "This one had not been heard of for longer than SOUNDALIKE_QDRANT_LEASE_S. Look what is there with: "
                "python -m indexer --list",
            )

    def _label(self, name: str) -> None:
        self._shelf.point({name: self._collection})

    def _end(self) -> None:
        self._is_done = True
        self._index.close()
        for lease in self._claim.leases:
            lease.release()


class ResumedBuilder(QdrantVersionBuilder):
    """A version that another process began to fill: who is there as they are to be is not written again."""

    _goes_on = True

    def __init__(self, line: Line, shelf: Shelf, claim: Claim, version: IndexVersion) -> None:
        """As for a new one; the collection may hold anybody."""
        super().__init__(line, shelf, claim, version)
        self._met: set[bytes] = set()

    def added(self, user_ids: Sequence[UserId]) -> None:
        """The same; who is not told of by the end is not to be in it."""
        self._met.update(point_id(user_id).bytes for user_id in user_ids)

    def seal(self, version: IndexVersion) -> None:
        """As of a new one, but nobody's bytes are said to be gone: who has left since the other process may lie there.

        Raises:
            IndexUnavailable: it is another version.
        """
        super().seal(replace(version, cleared=NEVER_CLEARED))

    def _tidy_up(self) -> None:
        """Those are not to be in it who left after the other process had them."""
        for records in self._points.scroll(False, _AT_ONCE, vectors=False):
            points = [UUID(str(record.id)) for record in records]
            self._points.delete([point for point in points if point.bytes not in self._met])
