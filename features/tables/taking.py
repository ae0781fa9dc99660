"""People out of parquet files into a feature store: the newest state wins, and who was deleted stays deleted."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from features.identity import point_id
from features.ports import FeatureStore
from features.tables.frames import people_of
from features.tables.shards import Shards
from features.user_features import UserFeatures


@dataclass
class Taken:
    """What was taken; up to date after every batch, also when it is broken off.

    Attributes:
        added: people who were not in the store.
        updated: who were, in another and older state.
        unchanged: who were the same.
        older: whose row is older than what the store has.
        left_out: who were deleted from the store.
        refused: where rows stand that are not what was written: a file's name and the number of the row, from 1.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    left_out: int = 0
    refused: list[str] = field(default_factory=list)


class Taker:
    """Takes people into a store; ``gone`` are the point ids of those who were deleted from it."""

    def __init__(self, store: FeatureStore, gone: Container[UUID]) -> None:
        self._store, self._gone = store, gone
        self.taken = Taken()

    def take(self, shards: Shards, on_people: Callable[[int], None]) -> None:
        """Take all files; again it takes only what is new.

        Raises:
            StoreError: a file cannot be read, or the store not written; what was taken before stays.
        """
        for file in shards.files:
            for size, people in self._readable(shards, file):
                self._upsert(people)
                on_people(size)

    def _readable(self, shards: Shards, file: Path) -> Iterator[tuple[int, list[UserFeatures]]]:
        """Batch by batch how many rows it has, and those who can be read."""
        row = 0
        for batch in shards.tables(file):
            people = []
            for row, each in enumerate(people_of(batch), start=row + 1):  # noqa: B020 - counted through all batches
                if each is None:
                    self.taken.refused.append(f"{file.name}, row {row}")
                else:
                    people.append(each.person)
            yield batch.num_rows, people

    def _upsert(self, people: Sequence[UserFeatures]) -> None:
        newest = {each.user_id: each for each in sorted(people, key=lambda each: each.updated_at)}
        wanted = [each for each in newest.values() if point_id(each.user_id) not in self._gone]
        known = self._store.get([each.user_id for each in wanted])
        fresh = [
            each for each in wanted if each.user_id not in known or known[each.user_id].updated_at <= each.updated_at
        ]
        done = self._store.upsert(fresh)
        self.taken.left_out += len(newest) - len(wanted)
        self.taken.older += len(wanted) - len(fresh)
        self.taken.added += done.added
        self.taken.updated += done.updated
        self.taken.unchanged += done.unchanged
