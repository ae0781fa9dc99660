"""VersionBuilder that rewrites a version on a Qdrant server: a fresh collection takes over all labels of the former.

A server deletes softly, and rids itself of the bytes some time or other: a fresh collection never had them.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID

from qdrant_client import models

from indexer.errors import IndexUnavailable
from indexer.left_out import LeftOut
from indexer.manifest import MEND
from indexer.ports import IndexVersion
from indexer.qdrant.builder import Claim, QdrantVersionBuilder
from indexer.qdrant.collection import Collection
from indexer.qdrant.line import Line
from indexer.qdrant.making import make
from indexer.qdrant.shelf import LIVE, Shelf
from indexer.qdrant.upload import Upload

_BATCH = 500


class QdrantVersionRewriter(QdrantVersionBuilder):
    """A version whose living people were copied; it stays as it was until it is sealed."""

    def __init__(self, line: Line, shelf: Shelf, former: str, claim: Claim, version: IndexVersion) -> None:
        """Takes over the leases of the ``claim``, which keep others from the version."""
        super().__init__(line, shelf, claim, version)
        self._former = former

    def _label(self, name: str) -> None:
        labels = {alias for alias, collection in self._shelf.aliases().items() if collection == self._former}
        what_readers_follow_first = sorted({name, *labels}, key=lambda alias: alias != LIVE)
        self._shelf.point(dict.fromkeys(what_readers_follow_first, self._collection))
        self._shelf.drop(self._former)


def rewriter(line: Line, shelf: Shelf, former: str, claim: Claim, left_out: LeftOut) -> QdrantVersionRewriter:
    """Copy everybody in a collection but whom ``left_out`` names. Takes over the leases of the ``claim``.

    Raises:
        IndexUnavailable: the version is damaged, or the server fails. And what ``left_out.outdated`` raises.
    """
    fresh = claim.collection
    with ExitStack() as on_failure:
        for lease in claim.leases:
            on_failure.callback(lease.release)
        version = shelf.facts(former)
        if fresh in shelf.collections():  # left by one that died
            shelf.drop(fresh)
        make(line, shelf.on_server(fresh), version.width)
        on_failure.callback(shelf.drop, fresh)
        target = Upload(line, shelf.on_server(fresh), claim.builder)
        people = _copy(Collection(line, shelf.on_server(former)), target, left_out)
        on_failure.pop_all()
    return QdrantVersionRewriter(line, shelf, former, claim, replace(version, count=people))


def _copy(source: Collection, target: Upload, left_out: LeftOut) -> int:
    """Copy people as they lie there, vectors bit by bit; returns how many."""
    copied = seen = 0
    for records in source.scroll(True, _BATCH, vectors=True):
        staying = left_out.others({UUID(str(record.id)): record.payload for record in records})
        living = [
            models.PointStruct(id=record.id, vector=record.vector or [], payload=record.payload)
            for record in records
            if UUID(str(record.id)) in staying
        ]
        target.put(living)
        seen, copied = seen + len(records), copied + len(living)
    target.drain()
    expected = source.count()
    if seen != expected:
        raise IndexUnavailable(f"Only {seen:,} of {expected:,} people of the index could be read.", MEND)
    return copied
