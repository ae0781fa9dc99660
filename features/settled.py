"""A feature store's changes without those that the outbox already knows better; what an index follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from features.identity import point_id
from features.outbox import Outbox
from features.ports import Changes
from features.user_features import UserFeatures


class Settled:
    """The changes of people for whom nothing waits: an older state of the others must not come back into an index.

    The outbox is asked before the store each time. A state that is delivered in between is then left out once, and
    seen in the next look at the changes; the other way round, the state before it would pass for the newest.
    """

    def __init__(self, changes: Changes, outbox: Outbox) -> None:
        self._changes, self._outbox = changes, outbox

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        """Everybody, or those written at or after ``since``, for whom nothing waits. Raises StoreError."""
        batches = self._changes.scan(since=since, batch_size=batch_size)
        while True:
            waiting = self._outbox.ids()
            batch = next(batches, None)
            if batch is None:
                return
            yield [person for person in batch if person.user_id not in waiting]

    def last_change(self) -> datetime | None:
        """When somebody was last written or deleted; None where nobody ever was. Raises StoreError."""
        return self._changes.last_change()

    def deleted(self, *, since: datetime) -> list[UUID]:
        """Point ids of those deleted at or after ``since`` for whom nothing waits. Raises StoreError."""
        waiting = {point_id(user_id) for user_id in self._outbox.ids()}
        return [point for point in self._changes.deleted(since=since) if point not in waiting]

    def departed(self, *, since: datetime) -> list[UUID]:
        """Point ids of those who left at or after ``since``, whatever waits for them. Raises StoreError."""
        return self._changes.departed(since=since)
