"""Whether a version may hold bytes of deleted people: its facts against the feature store's tombstones.

A deletion takes a person out of all answers at once; their bytes stay in the files of a version until it is rewritten.
Somebody who came back is not deleted, but what was known of them before is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from features.fingerprint import fingerprint
from features.identity import point_id
from features.ports import Changes, FeatureStore
from features.profile import UserId
from indexer.follow import WRITE_MAY_LAST
from indexer.ports import Cleared, IndexVersion, Outdated


def cleared(features: Changes, *, now: datetime) -> Cleared:
    """What can be said of a version for which people are read, or left out, from now on. Raises StoreError."""
    return Cleared(now, _digest(features.departed(since=now - WRITE_MAY_LAST)))


def holds_deleted(version: IndexVersion, features: Changes) -> bool:
    """Whether somebody left of whom ``version`` is not known to be free; never False where bytes are left.

    Who has come back counts, too: what was known of them before is deleted.

    A tombstone that is stamped before ``cleared.at`` may have been seen after it, but not later than a write may last:
    so those of that time must be the very ones that were known. Raises StoreError.
    """
    at = version.cleared.at
    return bool(features.departed(since=at)) or (
        _digest(features.departed(since=at - WRITE_MAY_LAST)) != version.cleared.known
    )


def outdated(features: FeatureStore, returned: Collection[UUID]) -> Outdated:
    """Names those of ``returned`` whom a version does not know as the store does now. May raise StoreError."""

    def named(contents: Mapping[UserId, str]) -> list[UserId]:
        suspects = [user_id for user_id in contents if point_id(user_id) in returned] if returned else []
        people = features.get(suspects) if suspects else {}
        present = {user_id: fingerprint(person) for user_id, person in people.items()}
        return [user_id for user_id in suspects if contents[user_id] != present.get(user_id)]

    return named


def _digest(points: Sequence[UUID]) -> str:
    """Empty for nobody, so that a version of which nothing is known is free of nobody's bytes before the first goes."""
    return blake2b(b"".join(sorted(point.bytes for point in points)), digest_size=16).hexdigest() if points else ""
