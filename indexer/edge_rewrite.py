"""VersionBuilder that rewrites a version on Qdrant Edge.

The engine deletes softly, and what was written stays in its log: only a fresh shard is free of who was deleted. It
grows beside the version's own; both lie under the lock of the version, which nobody can open meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO

from qdrant_edge import CountRequest, EdgeShard, Point, Record, ScrollRequest, UpdateOperation

from indexer.edge_adding import AddsHere
from indexer.edge_folder import fresh_shard_of, shard_of, sweep
from indexer.edge_index import EdgeUserIndex
from indexer.edge_shard import build_graph, create_shard, engine, load_shard
from indexer.errors import IndexUnavailable
from indexer.files import folder_errors, sync_folder
from indexer.left_out import LeftOut
from indexer.manifest import MEND, read_manifest, write_manifest
from indexer.ports import IndexVersion
from indexer.settings import IndexSettings

_BATCH = 1000
_COPYING = "The index cannot be copied"


class EdgeVersionRewriter(AddsHere):
    """A version whose living people were copied; it stays as it was until it is sealed."""

    def __init__(self, fresh: Path, shard: EdgeShard, index: EdgeUserIndex, *, lock: IO[bytes]) -> None:
        """Takes over ``shard``, which lies in ``fresh``, and ``lock``, which keeps others from the version."""
        super().__init__(index)
        self._folder, self._fresh, self._shard = fresh.parent, fresh, shard
        self._lock = lock

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

    pause = abort


def rewriter(folder: Path, settings: IndexSettings, left_out: LeftOut, *, lock: IO[bytes]) -> EdgeVersionRewriter:
    """Copy everybody in the version of ``folder`` but whom ``left_out`` names. Takes over ``lock``.

    Raises:
        IndexUnavailable: the version is damaged, or the disk fails. And what ``left_out.outdated`` raises.
    """
    with ExitStack() as on_failure:
        on_failure.callback(lock.close)
        on_failure.callback(sweep, folder)
        version, fresh = read_manifest(folder), fresh_shard_of(folder)
        shard = create_shard(fresh, version.width, settings)
        on_failure.callback(shard.close)
        people = _copy(load_shard(shard_of(folder)), shard, left_out)
        on_failure.pop_all()
    index = EdgeUserIndex(shard, replace(version, count=people), settings, lock=None)
    return EdgeVersionRewriter(fresh, shard, index, lock=lock)


def _copy(source: EdgeShard, target: EdgeShard, left_out: LeftOut) -> int:
    """Copy people as they lie there, vectors bit by bit; returns how many. Closes ``source``."""
    copied = seen = 0
    try:
        for records in _batches(source):
            staying = left_out.others({record.id: record.payload for record in records})  # type: ignore[misc]
            living = [record for record in records if record.id in staying]
            if living:
                # mypy: asked for, so every record has its vector
                points = [Point(record.id, record.vector, record.payload) for record in living]  # type: ignore[arg-type]
                with engine(_COPYING):
                    target.update(UpdateOperation.upsert_points(points))
            seen, copied = seen + len(records), copied + len(living)
        with engine(_COPYING):
            expected = source.count(CountRequest(exact=True))
    finally:
        with engine(_COPYING):
            source.close()
    if seen != expected:
        raise IndexUnavailable(f"Only {seen:,} of {expected:,} people of the index could be read.", MEND)
    return copied


def _batches(source: EdgeShard) -> Iterator[list[Record]]:
    offset = None
    while True:
        with engine(_COPYING):
            request = ScrollRequest(offset=offset, limit=_BATCH, with_payload=True, with_vector=True)
            records, offset = source.scroll(request)
        yield records
        if offset is None:
            return
