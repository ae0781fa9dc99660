"""VersionBuilder on Qdrant Edge: a version grows in a staging folder of its own and is renamed once it is whole.

A lock in the folder says that its builder lives; a staging folder whose lock is free is rubbish to whoever sees it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO

from indexer.edge_adding import AddsHere
from indexer.edge_index import EdgeUserIndex
from indexer.edge_shard import build_graph, create_shard
from indexer.errors import IndexUnavailable
from indexer.files import sync_folder
from indexer.manifest import FIRST_SHARD, write_manifest
from indexer.ports import IndexVersion
from indexer.settings import IndexSettings


class EdgeVersionBuilder(AddsHere):
    """A version being filled; nobody can search it before it is published."""

    def __init__(self, staging: Path, version: IndexVersion, settings: IndexSettings, *, lock: IO[bytes]) -> None:
        """Takes over ``lock``, which tells other processes that ``staging`` is being built."""
        self._staging = staging
        self._shard = create_shard(staging / FIRST_SHARD, version.width, settings)
        super().__init__(EdgeUserIndex(self._shard, version, settings, lock=None))
        self._lock = lock

    def finish(self) -> EdgeUserIndex:
        """Build the graph, on all cores and holding the GIL; the returned index is for checking.

        Its ``version`` bears the name, the model's version and the width; the rest is for the builder to find out.
        """
        build_graph(self._shard)
        return self._index

    def seal(self, version: IndexVersion) -> None:
        """Write the version's facts and make it publishable.

        Raises:
            IndexUnavailable: ``version`` is another one, or the folder cannot be written.
        """
        name = self._index.version.name
        if version.name != name:
            raise IndexUnavailable(f"The version {version.name} cannot be sealed as {name}.")
        self._index.close()
        write_manifest(self._staging, version)
        self._staging.rename(self._staging.with_name(name))
        sync_folder(self._staging.parent)
        self._lock.close()

    def abort(self) -> None:
        """Leave nothing behind, whatever state it is in; a sealed version stays."""
        try:
            self._index.close()
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)
            self._lock.close()

    pause = abort  # a shard whose builder is gone is not gone on with
