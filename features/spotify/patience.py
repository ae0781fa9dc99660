"""How long Spotify is waited for: one gate for all that an app asks, one budget of waiting for each reading.

Spotify limits an app, not a thread, so whoever is told to wait closes the gate for everybody, and nobody knocks at a
closed one. The clock and the waiting are passed in.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from features.errors import SpotifyRateLimited

_FIRST_GUESS_S, _LONGEST_GUESS_S = 2.0, 32.0
_LONGEST_S = 7 * 24 * 3600
_LEAST_S = 1.0
"""Waited at least, since a Retry-After of 0 would have us ask for ever."""


class Gate:
    """Until when an app leaves Spotify alone. Safe to share between threads."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._guard = threading.Lock()
        self._opens_at = -math.inf
        self._guess_s = _FIRST_GUESS_S

    @property
    def opens_at(self) -> float:
        """When it opens or has opened, by the clock."""
        return self._opens_at

    def refused(self, retry_after_s: int | None, *, asked_at: float) -> None:
        """Close it, because a request of ``asked_at`` was refused.

        Args:
            retry_after_s: for how long, as Spotify said; None where it did not say, which is guessed: a few seconds,
                twice as many with every time, but not for requests that were under way together.
            asked_at: when the request was sent, by the clock.
        """
        with self._guard:
            if retry_after_s is not None:
                seconds = max(float(retry_after_s), _LEAST_S)
            elif asked_at < self._opens_at:  # another one of the same moment was refused first
                return
            else:
                seconds, self._guess_s = self._guess_s, min(2 * self._guess_s, _LONGEST_GUESS_S)
            self._opens_at = max(self._opens_at, self.clock() + seconds)

    def answered(self) -> None:
        """Spotify answers again: guessing begins anew."""
        self._guess_s = _FIRST_GUESS_S


class Patience:
    """How much of one reading may be spent in front of the gate, counted once for all its threads."""

    def __init__(self, gate: Gate, at_most_s: float) -> None:
        self.gate = gate
        self._at_most_s = at_most_s
        self._guard = threading.Lock()
        self._spent_s = 0.0
        self._counted_until = -math.inf

    def turn(self) -> float:
        """Wait until the gate is open; the time by its clock.

        Raises:
            SpotifyRateLimited: that would take longer than what is left to this reading.
        """
        while (left := self._wait()) > 0:
            self.gate.sleep(left)
        return self.gate.clock()

    def _wait(self) -> float:
        with self._guard:
            now, opens_at = self.gate.clock(), self.gate.opens_at
            more = opens_at - max(now, self._counted_until)
            if more > 0:
                if self._spent_s + more > self._at_most_s:
                    raise rate_limited(math.ceil(opens_at - now))
                self._spent_s += more
                self._counted_until = opens_at
            return opens_at - now


def retry_after_in(headers: Mapping[str, str]) -> int | None:
    """Seconds of a Retry-After, which may also be a date; None where there is none that makes sense."""
    text = (headers.get("Retry-After") or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(math.ceil(seconds), _LONGEST_S) if 0 <= seconds < math.inf else None


def rate_limited(retry_after_s: int) -> SpotifyRateLimited:
    """The app asked too much within the last half minute, or is made to rest for longer."""
    return SpotifyRateLimited(
        f"Spotify was asked too much and wants to be left alone for {_in_words(retry_after_s)}.",
        "Try again then: what was read of a profile is kept for a day, and its reading goes on where it stopped.",
        retry_after_s=max(retry_after_s, 1),
    )


def _in_words(seconds: int) -> str:
    if seconds < 120:
        return f"{max(seconds, 1)} s"
    return f"{math.ceil(seconds / 60)} minutes" if seconds < 7200 else f"{math.ceil(seconds / 3600)} hours"
