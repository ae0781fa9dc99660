"""Who of a list need not be read: who was read lately, comes from elsewhere, or left, and whose ending is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from features.backfill.outcomes import Notes, Outcome, key_of
from features.identity import point_id
from features.ports import EVER, FeatureStore
from features.profile import UserId
from features.provenance import SPOTIFY_PUBLIC, may_be_replaced
from features.user_features import UserFeatures


@dataclass
class Sifted:
    """Part of a list.

    Attributes:
        to_read: in the order of the list.
        passed: how many are not to be read, and why.
        hidden: those of them who are fresh, and have not agreed to be found.
    """

    to_read: list[UserId] = field(default_factory=list)
    passed: Counter[Outcome] = field(default_factory=Counter)
    hidden: list[UserFeatures] = field(default_factory=list)


class Known:
    """Looks people up in the feature store and in the notes. May raise ``StoreError``."""

    def __init__(
        self, store: FeatureStore, notes: Notes, *, fresher_than: timedelta, clock: Callable[[], datetime]
    ) -> None:
        """Who was read less than ``fresher_than`` ago is not read again."""
        self._store, self._notes, self._fresher_than, self._clock = store, notes, fresher_than, clock

    def sift(self, user_ids: Sequence[UserId]) -> Sifted:
        """Who is to be read, and who is not."""
        # Spotify spells the names of accounts in small letters, people do not.
        held = self._store.get([*user_ids, *(UserId(user_id.lower()) for user_id in user_ids)])
        people = {user_id: held.get(user_id) or held.get(UserId(user_id.lower())) for user_id in user_ids}
        notes = self._notes.among(map(key_of, user_ids))
        left = frozenset[UUID]() if all(people.values()) else frozenset(self._store.deleted(since=EVER))
        sifted = Sifted()
        for user_id, person in people.items():
            has_left = not left.isdisjoint(map(point_id, (user_id, UserId(user_id.lower()))))
            outcome = self._outcome(person, Outcome.LEFT if has_left else notes.get(key_of(user_id)))
            if outcome is None:
                sifted.to_read.append(user_id)
                continue
            sifted.passed[outcome] += 1
            if outcome is Outcome.FRESH and person is not None and not person.consent:
                sifted.hidden.append(person)
        return sifted

    def _outcome(self, person: UserFeatures | None, noted: Outcome | None) -> Outcome | None:
        """Why somebody need not be read; None if they have to be. ``noted``: what else is known of them."""
        if person is not None:
            if not may_be_replaced(person):
                return Outcome.ELSEWHERE
            is_whole = person.source == SPOTIFY_PUBLIC  # of others the vectors alone are kept
            if is_whole and self._clock() - person.updated_at < self._fresher_than:
                return Outcome.FRESH
        return noted
