"""Bring an open version up to date with the feature store: deletions first, then whoever was added or changed.

The feature store is the truth and the index follows it, so a version that was built earlier, rolled back to, or
served while others import, ends in the store's state: nobody is lost and nobody who was deleted comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from features.fingerprint import fingerprint
from features.identity import point_id
from features.ports import Changes
from features.user_features import UserFeatures
from indexer.payload import CONTENT, pack
from indexer.ports import PersonVector, UserIndex
from trainer.ports import Embedder

BATCH = 2000
WRITE_MAY_LAST = timedelta(seconds=60)
"""A write is stamped inside its transaction and seen after it; whoever goes by a clock looks back this far."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How many people were brought over, and the point ids of those who were deleted, or are not to be found."""

    upserted: int
    deleted: tuple[UUID, ...]


def is_behind(index: UserIndex, features: Changes, *, since: datetime) -> bool:
    """Whether :func:`catch_up` has anything to do. Raises StoreError."""
    return bool(features.deleted(since=since)) or any(
        _differing(index, batch) or _hidden(index, batch) for batch in features.scan(since=since, batch_size=BATCH)
    )


def catch_up(index: UserIndex, features: Changes, embedder: Embedder, *, since: datetime) -> CaughtUp:
    """Apply all changes written at or after ``since``; what the index holds already is not written again."""
    gone = features.deleted(since=since)
    if gone:
        index.delete(gone)
    upserted = 0
    for batch in features.scan(since=since, batch_size=BATCH):
        differing = _differing(index, batch)
        if differing:
            index.upsert(vectors_of(differing, embedder))
        upserted += len(differing)
        hidden = _hidden(index, batch)
        if hidden:
            index.delete(hidden)
            gone += hidden
    return CaughtUp(upserted, tuple(gone))


def findable(people: Sequence[UserFeatures]) -> list[UserFeatures]:
    """Those who agreed to be found by others; nobody else is in an index."""
    return [person for person in people if person.consent]


def vectors_of(people: Sequence[UserFeatures], embedder: Embedder) -> list[PersonVector]:
    """People as the index holds them."""
    embedded = embedder.embed(people)
    return [
        PersonVector(person.user_id, joint, pack(person, towers))
        for person, joint, towers in zip(people, embedded.joint, embedded.towers, strict=True)
    ]


def _differing(index: UserIndex, people: Sequence[UserFeatures]) -> list[UserFeatures]:
    """Those whom the index does not hold as they are; a model never changes within a version."""
    people = findable(people)
    held = index.get([person.user_id for person in people])
    contents = {user_id: point.payload.get(CONTENT) for user_id, point in held.items()}
    return [person for person in people if contents.get(person.user_id) != fingerprint(person)]


def _hidden(index: UserIndex, people: Sequence[UserFeatures]) -> list[UUID]:
    """Point ids of those in the index who do not agree any more to be found."""
    named = [person.user_id for person in people if not person.consent]
    return [point_id(user_id) for user_id in index.get(named)] if named else []
