"""What was read, in batches into the feature store, beside a server that may change and delete people meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from features.backfill.outcomes import Outcome, Tally
from features.compose import Features
from features.identity import point_id
from features.listener import Listener
from features.outbox import Outbox
from features.ports import EVER
from features.profile import UserId
from features.provenance import may_be_replaced
from features.user_features import UserFeatures

WRITTEN_WITHIN = timedelta(minutes=1)
"""A profile takes seconds to read and counts against a quota, so that a crash shall not cost a whole batch of them."""


class Writer:
    """Holds a batch. Every method may raise ``StoreError`` or ``TextModelError``; the batch is then still held."""

    def __init__(
        self,
        room: Features,
        outbox: Outbox,
        tally: Tally,
        *,
        consent: bool,
        clock: Callable[[], datetime],
    ) -> None:
        """With ``consent`` people have agreed to be found by others; who had agreed before has anyway."""
        self._room, self._outbox, self._tally = room, outbox, tally
        self._consent, self._clock = consent, clock
        self._batch: list[Listener] = []
        self._begun_at = clock()

    def add(self, listener: Listener, begun_at: datetime) -> None:
        """Somebody was read, from ``begun_at`` on."""
        if not self._batch:
            self._begun_at = begun_at
        self._batch.append(listener)
        if len(self._batch) >= self._room.batch or self._clock() - self._begun_at >= WRITTEN_WITHIN:
            self.flush()

    def flush(self) -> None:
        """Write what is held: all of it or, if that fails, nothing."""
        if not self._batch:
            return
        people = list({listener.user_id: listener for listener in self._batch}.values())
        built = self._room.builder.build(people, now=self._clock(), consent=self._consent)
        # While the outbox delivers nothing, a server that runs beside this deletes and changes nobody in the store.
        with self._outbox.delivering():
            before = self._room.store.get([person.user_id for person in built])
            gone = {*self._room.store.departed(since=self._begun_at), *self._room.store.deleted(since=EVER)}
            staying = [person for person in built if point_id(person.user_id) not in gone]
            mine = self._not_overtaken(staying, before)
            agreed = [_still_agreeing(person, before.get(person.user_id)) for person in mine]
            done = self._room.store.upsert(agreed)
        self._batch.clear()
        of = self._tally.of
        of[Outcome.ADDED] += done.added
        of[Outcome.UPDATED] += done.updated
        of[Outcome.UNCHANGED] += done.unchanged
        of[Outcome.LEFT] += len(built) - len(staying)
        of[Outcome.FRESH] += len(staying) - len(mine)

    def agree(self, people: Sequence[UserFeatures]) -> None:
        """People who are kept, and were not asked before, agree to be found, if that is what is to be written."""
        if not self._consent or not people:
            return
        with self._outbox.delivering():
            now = self._room.store.get([person.user_id for person in people])
            waiting = self._outbox.ids()
            agreed = [
                replace(person, consented_at=self._clock())
                for person in people
                if _is_same(person, now.get(person.user_id)) and person.user_id not in waiting
            ]
            self._tally.of[Outcome.AGREED] += self._room.store.upsert(agreed).updated if agreed else 0

    def _not_overtaken(self, built: Sequence[UserFeatures], before: dict[UserId, UserFeatures]) -> list[UserFeatures]:
        """Those who neither have something waiting, such as a deletion, nor brought something themselves."""
        waiting = self._outbox.ids()
        return [
            person
            for person in built
            if person.user_id not in waiting
            and (person.user_id not in before or may_be_replaced(before[person.user_id]))
        ]


def _still_agreeing(person: UserFeatures, before: UserFeatures | None) -> UserFeatures:
    """Who had agreed before has, and at the time at which they did."""
    return person if before is None or not before.consent else replace(person, consented_at=before.consented_at)


def _is_same(before: UserFeatures, now: UserFeatures | None) -> bool:
    return now is not None and now.updated_at == before.updated_at
