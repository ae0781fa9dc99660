"""VersionBuilder that rewrites a version on Qdrant Edge.

The engine deletes softly, and what was written stays in its log: only a fresh shard is free of who was deleted. It
grows beside the version's own; both lie under the lock of the version, which nobody can open meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO
from uuid import UUID

from qdrant_edge import CountRequest, EdgeShard, Point, ScrollRequest, UpdateOperation

from indexer.edge_folder import fresh_shard_of, shard_of, sweep
from indexer.edge_index import EdgeUserIndex
from indexer.edge_shard import build_graph, create_shard, engine, load_shard
from indexer.errors import IndexUnavailable
from indexer.files import folder_errors, sync_folder
from indexer.manifest import MEND, read_manifest, write_manifest
from indexer.ports import IndexVersion, PersonVector
from indexer.settings import IndexSettings

_BATCH = 1000


class EdgeVersionRewriter:
    """A version whose living people were copied; it stays as it was until it is sealed."""

    def __init__(self, fresh: Path, shard: EdgeShard, index: EdgeUserIndex, *, lock: IO[bytes]) -> None:
        """Takes over ``shard``, which lies in ``fresh``, and ``lock``, which keeps others from the version."""
        self._folder, self._fresh = fresh.parent, fresh
        self._shard, self._index = shard, index
        self._lock = lock

    def add(self, people: Sequence[PersonVector]) -> None:
        """Add a batch."""
        self._index.upsert(people)

    def finish(self) -> EdgeUserIndex:
        """Build the graph, on all cores and holding the GIL; the returned index is for checking.

        Its ``version`` bears the facts as they were, and the ``count`` of people who were copied.
        """
        build_graph(self._shard)
        return self._index

    def seal(self, version: IndexVersion) -> None:
        """Write the version's facts, which swaps the shards, and remove the former one.

        Raises:
            IndexUnavailable: ``version`` is another one, or the folder cannot be written.
        """
        if version.name != self._folder.name:
            raise IndexUnavailable(f"The version {version.name} cannot be sealed as {self._folder.name}.")
        self._index.close()
        with folder_errors():
            sync_folder(self._folder)
            write_manifest(self._folder, version, self._fresh.name)
        sweep(self._folder)
        self._lock.close()

    def abort(self) -> None:
        """Leave nothing behind but the version, as it was or as it was sealed."""
        with ExitStack() as last_of_all_first:
            last_of_all_first.callback(self._lock.close)
            if not self._lock.closed:
                last_of_all_first.callback(sweep, self._folder)
            last_of_all_first.callback(self._index.close)


def rewriter(
    folder: Path, settings: IndexSettings, without: Collection[UUID], *, lock: IO[bytes]
) -> EdgeVersionRewriter:
    """Copy everybody in the version of ``folder`` but the points ``without``. Takes over ``lock``.

    Raises:
        IndexUnavailable: the version is damaged, or the disk fails.
    """
    with ExitStack() as on_failure:
        on_failure.callback(lock.close)
        on_failure.callback(sweep, folder)
        version, fresh = read_manifest(folder), fresh_shard_of(folder)
        shard = create_shard(fresh, version.width, settings)
        on_failure.callback(shard.close)
        people = _copy(load_shard(shard_of(folder)), shard, frozenset(without))
        on_failure.pop_all()
    index = EdgeUserIndex(shard, replace(version, count=people), settings, lock=None)
    return EdgeVersionRewriter(fresh, shard, index, lock=lock)


def _copy(source: EdgeShard, target: EdgeShard, without: frozenset[UUID]) -> int:
    """Copy people as they lie there, vectors bit by bit; returns how many. Closes ``source``."""
    copied = seen = 0
    offset = None
    with engine("The index cannot be copied"):
        try:
            while True:
                request = ScrollRequest(offset=offset, limit=_BATCH, with_payload=True, with_vector=True)
                records, offset = source.scroll(request)
                # mypy: asked for, so every record has its vector
                living = [Point(r.id, r.vector, r.payload) for r in records if r.id not in without]  # type: ignore[arg-type]
                if living:
                    target.update(UpdateOperation.upsert_points(living))
                seen, copied = seen + len(records), copied + len(living)
                if offset is None:
                    break
            expected = source.count(CountRequest(exact=True))
        finally:
            source.close()
    if seen != expected:
        raise IndexUnavailable(f"Only {seen:,} of {expected:,} people of the index could be read.", MEND)
    return copied
