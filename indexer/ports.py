"""The seams of the indexer room: what may be asked of a vector index, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.profile import UserId
from indexer.axes import Axes

Payload = Mapping[str, str | int | float]
"""Small fields that travel with a vector, by name; see ``indexer.payload``."""


Outdated = Callable[[Mapping[UserId, str]], Collection[UserId]]
"""Told of people with the ``content`` of their payload, names those who are not to be kept as they are."""


@dataclass(frozen=True, slots=True)
class PersonVector:
    """A person as the index holds them: ``vector`` is float32 [width], of unit length."""

    user_id: UserId
    vector: npt.NDArray[np.float32]
    payload: Payload


@dataclass(frozen=True, slots=True)
class Where:
    """Whom a search may find; as it stands, everybody. Who lacks a field of the payload that is asked for is barred.

    Attributes:
        sources: payload's ``source`` must be one of them; none of them: any.
        min_artists: least ``artist_count``; 0: any.
        active_since: timezone-aware; ``updated`` must not be before it, compared by whole seconds; None: any.
    """

    sources: frozenset[str] = frozenset()
    min_artists: int = 0
    active_since: datetime | None = None

    @property
    def since_s(self) -> int | None:
        """``active_since`` as ``updated`` is kept: whole seconds since 1970."""
        return None if self.active_since is None else floor(self.active_since.timestamp())


EVERYBODY = Where()
"""Bars nobody."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One answer of a search: ``similarity`` is the cosine, -1 to 1."""

    user_id: UserId
    similarity: float
    payload: Payload


@dataclass(frozen=True, slots=True)
class Cleared:
    """Of which deletions no byte is left in a version's files; see ``indexer.tombstones``.

    Attributes:
        at: when the tombstones were read without whose people the files were filled.
        known: digest of those that were younger, then, than any write may last.
    """

    at: datetime
    known: str


NEVER_CLEARED = Cleared(datetime.fromtimestamp(0, UTC), "")
"""Of none."""


@dataclass(frozen=True, slots=True)
class IndexVersion:
    """One immutable build: the collection ``users-v{model_version}-b{build}``.

    Attributes:
        name: the collection's name.
        model_version: version of the model that made the vectors; queries must use the same one.
        width: length of the vectors.
        count: people in it when it was published.
        watermark: the features' state it was built from: changes written at or after it are not all in it.
        created_at: when it was published.
        recall_at_10: measured against exact search before it was published.
        similarity_quantiles: 1,001 quantiles of the similarity of two random people, for percentiles.
        cleared: of which deletions no byte is left in its files.
        axes: of a map of everybody; None in versions that were built before there were any.
    """

    name: str
    model_version: int
    width: int
    count: int
    watermark: datetime
    created_at: datetime
    recall_at_10: float
    similarity_quantiles: tuple[float, ...]
    cleared: Cleared = NEVER_CLEARED
    axes: Axes | None = None


class UserIndex(Protocol):
    """One opened version: search it, read it, keep it up to date. May raise ``IndexUnavailable``, ``BadVector``."""

    @property
    def is_shared(self) -> bool:
        """Whether it lies on a server: other processes write to it, too, and answers have to be waited for."""
        ...

    @property
    def version(self) -> IndexVersion:
        """Which version this is."""
        ...

    def search(
        self,
        vector: npt.NDArray[np.float32],
        limit: int,
        *,
        exclude: Sequence[UserId] = (),
        where: Where = EVERYBODY,
        exact: bool = False,
    ) -> list[Neighbour]:
        """The nearest of those whom ``where`` lets through and ``exclude`` does not name; ties by user id."""
        ...

    def near(self, user_id: UserId, limit: int) -> tuple[Payload, list[Neighbour]] | None:
        """Payload of somebody in the index, and the ``limit`` people nearest to them; None for somebody unknown.

        What ``get`` and ``search`` without that person would find, in fewer steps.
        """
        ...

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, PersonVector]:
        """Those of ``user_ids`` who are in the index."""
        ...

    def upsert(self, people: Sequence[PersonVector]) -> None:
        """Add or replace; durable against a crash of the process when it returns."""
        ...

    def delete(self, points: Iterable[UUID]) -> None:
        """Delete by ``features.identity.point_id``; unknown ones are no error."""
        ...

    def contents(self, batch_size: int = 2000) -> Iterator[dict[UserId, str]]:
        """Everybody with the ``content`` of their payload ('' where there is none), in batches; none twice."""
        ...

    def walk(self, fields: Collection[str] | None, batch_size: int = 100) -> Iterator[list[PersonVector]]:
        """Everybody in batches, by ``features.identity.point_id``, with those ``fields`` of their payload; None: all.

        Point ids are hashes, so the first n are a sample at random, and the same one as long as they stay. Others have
        their turn between two batches; who is written or deleted meanwhile may be in or not.
        """
        ...

    def count(self) -> int:
        """Number of people, exact."""
        ...

    def close(self) -> None:
        """Flush and let go; afterwards every call raises ``IndexUnavailable``."""
        ...


class Writer(Protocol):
    """Adds people to a version that is being filled, from a process other than its builder's."""

    def add(self, people: Sequence[PersonVector]) -> None:
        """Add a batch, which is written when this returns; again it does no harm. Raises ``IndexUnavailable``."""
        ...


class VersionBuilder(Protocol):
    """A version being filled; nobody can search it before it is published.

    An engine elsewhere may write what is added some time later, and raise what went wrong with it from any call.
    """

    def add(self, people: Sequence[PersonVector]) -> int:
        """Add a batch; returns how many had to be written, since an interrupted builder had not come to them."""
        ...

    def writer(self) -> Callable[[], Writer] | None:
        """What other processes open to add people, with pickle on the way; None where this one alone can."""
        ...

    def added(self, user_ids: Sequence[UserId]) -> None:
        """To be told of everybody who was added with a writer, before ``finish``."""
        ...

    def finish(self) -> UserIndex:
        """Build the graph; the returned index is for checking, close it before publishing."""
        ...

    def seal(self, version: IndexVersion) -> None:
        """Write the version's facts and make it publishable."""
        ...

    def abort(self) -> None:
        """Leave nothing behind."""
        ...

    def pause(self) -> None:
        """Break off; where the engine can, the next ``create`` of the same model goes on with what was added.

        Where it cannot, as :meth:`abort`.
        """
        ...


class IndexCatalog(Protocol):
    """All versions, and the one alias that points at the live one."""

    def create(self, model_version: int, width: int) -> VersionBuilder:
        """Begin a new version (a build number of its own)."""
        ...

    def publish(self, name: str) -> None:
        """Point the alias at a sealed version, in one atomic step."""
        ...

    def rollback(self) -> IndexVersion:
        """Point the alias back at the version that was live before."""
        ...

    def live(self) -> IndexVersion:
        """The version that the alias points at. Raises ``NoIndex`` if none was published."""
        ...

    def versions(self) -> list[IndexVersion]:
        """All sealed versions, oldest first."""
        ...

    def open(self, name: str) -> UserIndex:
        """Open a version for reading and writing, not while it is rewritten (embedded: one process at a time)."""
        ...

    def prune(self, keep: int) -> list[str]:
        """Drop all but the live version and the ``keep - 1`` newest others; returns the dropped names."""
        ...

    def close(self) -> None:
        """Let go of connections, once what was opened is closed."""
        ...


def nobody(_contents: Mapping[UserId, str]) -> tuple[UserId, ...]:
    """Outdated where everybody may be kept."""
    return ()


class RewritableCatalog(IndexCatalog, Protocol):
    """A catalogue whose versions can be freed of what was deleted; for the indexer's process, never for the server's.

    An engine deletes softly: who is deleted is not found any more, but stays in the files until they are rewritten.
    """

    def rewrite(self, name: str, *, without: Collection[UUID], outdated: Outdated = nobody) -> VersionBuilder:
        """Begin to rewrite a version: the builder holds everybody in it but the points ``without``.

        Those others whom ``outdated`` names when it is told of them, batch by batch, are left out, too; what it raises
        is raised, and the version is as it was.

        The version stays as it was until the builder is sealed, under the same name, and cannot be opened until then.
        Its index, once finished, bears the facts of the version and the ``count`` of people who were copied.

        Raises:
            NoIndex: there is no such version.
            IndexInUse: another process has it open.
            IndexUnavailable: it is being rewritten, or it is damaged.
        """
        ...

    def replace(self, name: str, fresh: str) -> bool:
        """Point the alias at ``fresh`` if it points at ``name``, in one atomic step; the way back stays what it was.

        Raises:
            NoIndex: there is no version ``fresh``.
        """
        ...

    def drop(self, name: str) -> bool:
        """Drop a version. False where it stays, since a process has it open or the alias leads to it."""
        ...
