"""People out of parquet files into a feature store: the newest state wins, and who was deleted stays deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import StoreError
from features.fingerprint import fingerprint
from features.identity import point_id
from features.outbox import Outbox
from features.ports import EVER, FeatureStore
from features.tables.frames import Encoded, people_of
from features.tables.shards import Shards
from features.user_features import UserFeatures

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Taken:
    """What was taken; up to date after every batch, also when it is broken off.

    Attributes:
        added: people who were not in the store.
        updated: who were, in another and older state.
        unchanged: who were the same.
        older: whose row is older than what the store has, or as old and another.
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
    """Takes people into a store, beside a server that may change and delete people meanwhile."""

    def __init__(self, store: FeatureStore, outbox: Outbox, begun_at: datetime) -> None:
        """``begun_at``: who leaves from then on stays away, too; timezone-aware."""
        self._store, self._outbox, self._begun_at = store, outbox, begun_at
        self._gone = frozenset(store.deleted(since=EVER))
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
            for row, each in enumerate(_people_of(batch, file), start=row + 1):  # noqa: B020 - through all batches
                if each is None:
                    self.taken.refused.append(f"{file.name}, row {row}")
                else:
                    people.append(each.person)
            yield batch.num_rows, people

    def _upsert(self, people: Sequence[UserFeatures]) -> None:
        newest = {each.user_id: each for each in sorted(people, key=lambda each: each.updated_at)}
        # While the outbox delivers nothing, a server that runs beside this deletes and changes nobody in the store.
        with self._outbox.delivering():
            gone = self._gone | frozenset(self._store.departed(since=self._begun_at))
            wanted = [each for each in newest.values() if point_id(each.user_id) not in gone]
            known, waiting = self._store.get([each.user_id for each in wanted]), self._outbox.ids()
            same = [each for each in wanted if _is_same(known.get(each.user_id), each)]
            fresh = [
                each for each in wanted if each.user_id not in waiting and _is_older(known.get(each.user_id), each)
            ]
            done = self._store.upsert(fresh)
        self.taken.left_out += len(newest) - len(wanted)
        self.taken.older += len(wanted) - len(fresh) - len(same)
        self.taken.added += done.added
        self.taken.updated += done.updated
        self.taken.unchanged += done.unchanged + len(same)


def _people_of(batch: pa.RecordBatch, file: Path) -> list[Encoded | None]:
    from pyarrow import ArrowException

    try:
        return people_of(batch)
    except ArrowException as error:
        raise StoreError(f"{file} has a column of another type: {error}.", "docs/scaling.md names them all.") from error


def _is_older(known: UserFeatures | None, person: UserFeatures) -> bool:
    """At equal times the store's state stays: a consent, or genres filled in later, change what is known, not when."""
    return known is None or known.updated_at < person.updated_at


def _is_same(known: UserFeatures | None, person: UserFeatures) -> bool:
    return known is not None and known.updated_at == person.updated_at and fingerprint(known) == fingerprint(person)
