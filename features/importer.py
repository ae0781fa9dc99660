"""Import: listeners from sources, in batches, into the feature store; each batch is written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from features.compose import Features
from features.listener import Listener
from features.sources import Rejection


@dataclass
class Summary:
    """What an import did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    replaced: int = 0
    """Profiles that a later one of the same id in the same batch took the place of."""
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def people(self) -> int:
        """People who are in the store now because of this import, or were already."""
        return self.added + self.updated + self.unchanged


class Importer:
    """Brings profiles into a store. ``summary`` is up to date after every batch, also when it is interrupted."""

    def __init__(self, room: Features, clock: Callable[[], datetime]) -> None:
        self._store, self._builder, self._batch, self._clock = room.store, room.builder, room.batch, clock
        self.summary = Summary()

    def run(self, found: Iterable[Listener | Rejection], on_batch: Callable[[int], None]) -> None:
        """Import everybody that a source yields; ``on_batch`` is told how many people were done.

        Raises:
            StoreError: a batch could not be written; those before it stay.
            TextModelError: the text model is needed and cannot be loaded.
        """
        batch: list[Listener] = []
        for listener in found:
            if isinstance(listener, Rejection):
                self.summary.rejected.append(listener)
                continue
            batch.append(listener)
            if len(batch) >= self._batch:
                self._write(batch)
                on_batch(len(batch))
                batch = []
        if batch:
            self._write(batch)
            on_batch(len(batch))

    def _write(self, batch: list[Listener]) -> None:
        people = {listener.user_id: listener for listener in batch}
        self.summary.replaced += len(batch) - len(people)
        done = self._store.upsert(self._builder.build(list(people.values()), now=self._clock(), consent=True))
        self.summary.added += done.added
        self.summary.updated += done.updated
        self.summary.unchanged += done.unchanged
