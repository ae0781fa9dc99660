"""Who is trained on and who is kept for the proof: by a hash of the id, so for good."""

from __future__ import annotations

import hashlib

from features.profile import UserId


def position(user_id: UserId) -> float:
    """Where a person stands on the line from 0 to 1; the same in every run and on every machine."""
    digest = hashlib.blake2b(user_id.encode(), digest_size=8, person=b"sound-split").digest()
    return int.from_bytes(digest) / 2**64


def is_test(user_id: UserId, test_share: float) -> bool:
    """Whether training never sees this person."""
    return position(user_id) < test_share
