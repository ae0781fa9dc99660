"""What the builders on Qdrant Edge have in common: people are added in one process, the builder's."""

from __future__ import annotations

from collections.abc import Sequence

from features.profile import UserId
from indexer.edge_index import EdgeUserIndex
from indexer.ports import PersonVector


class AddsHere:
    """The adding half of a ``VersionBuilder``."""

    def __init__(self, index: EdgeUserIndex) -> None:
        self._index = index

    def add(self, people: Sequence[PersonVector]) -> int:
        """Add a batch; all of it is new."""
        self._index.upsert(people)
        return len(people)

    def writer(self) -> None:
        """None: an engine's files are written to by one process at a time."""

    def added(self, user_ids: Sequence[UserId]) -> None:
        """Asked for by nobody, as there are no writers."""
