"""Who is who: the deterministic ids and keys that every store agrees on. No I/O, no randomness but ``new_user_id``."""

from __future__ import annotations

import unicodedata
import uuid
from functools import lru_cache

from features.profile import UserId

# Fixed for the life of the project: another namespace would give every person a second point.
_NAMESPACE = uuid.UUID("6f0c9ad6-3a0e-5d0f-9c2c-0b6a6f7d3c11")


def point_id(user_id: UserId) -> uuid.UUID:
    """The id under which every index and every tombstone knows a person (UUIDv5), the same everywhere, for ever."""
    return uuid.uuid5(_NAMESPACE, user_id)


def new_user_id() -> UserId:
    """A fresh id for a person who came without one."""
    return UserId(f"u-{uuid.uuid4().hex}")


@lru_cache(maxsize=200_000)
def artist_key(artist: str) -> str:
    """The spelling under which two people's listening is compared: NFKC, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", artist).casefold().split())
