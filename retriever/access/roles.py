"""The three roles of an API key, each of which may do all that the one before it may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a key may do; which route needs which role is said in ``retriever.access.rules``."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether a key of this role may do what ``needed`` is needed for."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
