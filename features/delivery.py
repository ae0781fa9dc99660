"""From the outbox to the feature store: at least once, harmless to repeat, the newest state of a person last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import StoreError
from features.outbox import Outbox, Waiting
from features.ports import FeatureStore


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery did: people written, people deleted, and whether something was refused and still waits."""

    written: int = 0
    deleted: int = 0
    refused: StoreError | None = None

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(self.written + other.written, self.deleted + other.deleted, self.refused or other.refused)


def deliver(outbox: Outbox, store: FeatureStore, *, most: int = 500) -> Delivered:
    """Take the oldest ``most`` states to the store, and forget them once they are there.

    A store that refuses them together is asked one by one, so that one that it cannot take keeps nobody else waiting.
    Afterwards the outbox is wiped; that it could not be is told as a refusal, too, and tried again by the next call.

    Raises:
        StoreError: the outbox cannot be read or written.
    """
    with outbox.delivering():
        rows = outbox.oldest(most)
        done = _together(outbox, store, rows)
        if done.refused is not None and len(rows) > 1:
            done = sum((_together(outbox, store, [row]) for row in rows), Delivered())
        return done + _wiped(outbox)


def deliver_all(outbox: Outbox, store: FeatureStore, *, most: int = 500) -> Delivered:
    """Deliver until nothing waits. Raises StoreError where the store refuses something."""
    done = Delivered()
    while outbox.depth().waiting:
        done += deliver(outbox, store, most=most)
        if done.refused is not None:
            raise done.refused
    return done


def _together(outbox: Outbox, store: FeatureStore, rows: Sequence[Waiting]) -> Delivered:
    gone = [row.user_id for row in rows if row.was_deleted]
    people = [row.person for row in rows if row.person is not None]
    try:
        if gone:
            store.delete(gone)
        if people:
            store.upsert(people, anew=True)
    except StoreError as refusal:
        return Delivered(refused=refusal)
    if rows:
        outbox.settle(rows)
    return Delivered(len(people), len(gone))


def _wiped(outbox: Outbox) -> Delivered:
    try:
        outbox.wipe()
    except StoreError as refusal:
        return Delivered(refused=refusal)
    return Delivered()
