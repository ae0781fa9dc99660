"""Whether a version may hold bytes of deleted people: its facts against the feature store's tombstones.

A deletion takes a person out of all answers at once; their bytes stay in the files of a version until it is rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from features.ports import Changes
from indexer.follow import WRITE_MAY_LAST
from indexer.ports import Cleared, IndexVersion


def cleared(features: Changes, *, now: datetime) -> Cleared:
    """What can be said of a version for which people are read, or left out, from now on. Raises StoreError."""
    return Cleared(now, _digest(features.deleted(since=now - WRITE_MAY_LAST)))


def holds_deleted(version: IndexVersion, features: Changes) -> bool:
    """Whether somebody is deleted of whom ``version`` is not known to be free; never False where bytes are left.

    A tombstone that is stamped before ``cleared.at`` may have been seen after it, but not later than a write may last:
    so those of that time must be the very ones that were known. Raises StoreError.
    """
    at = version.cleared.at
    return bool(features.deleted(since=at)) or (
        _digest(features.deleted(since=at - WRITE_MAY_LAST)) != version.cleared.known
    )


def _digest(points: Sequence[UUID]) -> str:
    """Empty for nobody, so that a version of which nothing is known is free of nobody's bytes before the first goes."""
    return blake2b(b"".join(sorted(point.bytes for point in points)), digest_size=16).hexdigest() if points else ""
