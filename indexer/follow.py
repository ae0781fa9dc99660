"""Bring an open version up to date with the feature store: deletions first, then whoever was added or changed.

The feature store is the truth and the index follows it, so a version that was built earlier, rolled back to, or
served while others import, ends in the store's state: nobody is lost and nobody who was deleted comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.ports import Changes
from features.user_features import UserFeatures
from indexer.payload import pack
from indexer.ports import PersonVector, UserIndex
from trainer.ports import Embedder

BATCH = 2000
WRITE_MAY_LAST = timedelta(seconds=60)
"""A write is stamped inside its transaction and seen after it; whoever follows changes looks back this far."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What was brought over."""

    upserted: int
    deleted: int


def has_changes(features: Changes, *, since: datetime) -> bool:
    """Whether :func:`catch_up` would find anything. Raises StoreError."""
    return bool(features.deleted(since=since)) or any(features.scan(since=since, batch_size=1))


def catch_up(index: UserIndex, features: Changes, embedder: Embedder, *, since: datetime) -> CaughtUp:
    """Apply all changes written at or after ``since``; harmless to repeat, and quick where nothing changed."""
    gone = features.deleted(since=since)
    if gone:
        index.delete(gone)
    upserted = 0
    for batch in features.scan(since=since, batch_size=BATCH):
        index.upsert(vectors_of(batch, embedder))
        upserted += len(batch)
    return CaughtUp(upserted, len(gone))


def vectors_of(people: Sequence[UserFeatures], embedder: Embedder) -> list[PersonVector]:
    """People as the index holds them."""
    embedded = embedder.embed(people)
    return [
        PersonVector(person.user_id, joint, pack(person, towers))
        for person, joint, towers in zip(people, embedded.joint, embedded.towers, strict=True)
    ]
