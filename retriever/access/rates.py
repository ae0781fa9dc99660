"""How often somebody may ask: one quota, and the headers that tell a client how it stands.

Moving windows of the library ``limits``. The headers are those of draft-ietf-httpapi-ratelimit-headers-10 and later:
``RateLimit-Policy: "requests";q=600;w=60`` (quota, seconds) and ``RateLimit: "requests";r=599;t=60`` (left, seconds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from limits import parse
from limits.strategies import MovingWindowRateLimiter

from retriever.access.memory import BoundedMemory


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with a quota after asking once more.

    Attributes:
        policy: the quota, as the header tells it.
        name: of the quota.
        is_allowed: whether this request is within it.
        left: requests that are left now.
        reset_s: seconds until there is one more.
    """

    policy: str
    name: str
    is_allowed: bool
    left: int
    reset_s: int


class Throttle:
    """A quota that everybody has for himself."""

    def __init__(self, name: str, rate: str, memory: BoundedMemory) -> None:
        """``rate`` is such as ``600/minute``. Raises ValueError where it is not."""
        self._name = name
        self._item = parse(rate)
        self._memory = memory
        self._windows = MovingWindowRateLimiter(memory)
        self._policy = f'"{name}";q={self._item.amount};w={self._item.get_expiry()}'

    def take(self, who: str) -> Standing:
        """Count one request of ``who``; one that is refused is not counted."""
        is_allowed = self._windows.hit(self._item, self._name, who)
        reset_at, left = self._windows.get_window_stats(self._item, self._name, who)
        return Standing(self._policy, self._name, is_allowed, left, max(0, ceil(reset_at - self._memory.clock())))


def ratelimit_headers(standings: Sequence[Standing]) -> Mapping[str, str]:
    """The headers that tell of these quotas."""
    return {
        "RateLimit-Policy": ", ".join(standing.policy for standing in standings),
        "RateLimit": ", ".join(f'"{each.name}";r={each.left};t={each.reset_s}' for each in standings),
    }


def over_quota_headers(standings: Sequence[Standing]) -> Mapping[str, str]:
    """The same for a client that has used up the last of these quotas: also when to come back."""
    return {"Retry-After": str(max(1, standings[-1].reset_s)), **ratelimit_headers(standings)}
