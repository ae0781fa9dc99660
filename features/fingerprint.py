"""A digest of all that is known of a person but the time, by which two stores tell whether they know the same.

Of listening that expires it covers the day: see ``features.sqlite.codec``.
"""

from __future__ import annotations

from features.sqlite.codec import row_of
from features.user_features import UserFeatures

LENGTH = 16
"""Characters of a fingerprint: 64 bits, so that two states of one person are never taken for each other."""


def fingerprint(person: UserFeatures) -> str:
    """Hexadecimal digits, the same for the same content, in whatever store it lies."""
    return row_of(person).content.hex()[:LENGTH]
