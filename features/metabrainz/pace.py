"""Pace: turns at a site, one after another, for all threads and processes of a home. What is asked lives elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from features.errors import SourceUnavailable
from features.sqlite.database import Database

MOST_POSTPONED_S = 3600.0
"""Whoever asks to be left alone for longer is asked again after this."""
_CLOCK_WAS_SET_BACK_S = 2 * MOST_POSTPONED_S


class Pace:
    """At most one turn every ``every_s`` seconds; the next one is reserved in SQLite, whoever takes it."""

    def __init__(
        self,
        database: Database,
        site: str,
        every_s: float = 1.0,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Take turns at ``site``. The clock is the wall's: it is the one that processes have in common."""
        self._database, self._site, self._every_s = database, site, every_s
        self._clock, self._sleep = clock, sleep

    def turn(self, within_s: float) -> None:
        """Wait for the next turn.

        Raises:
            SourceUnavailable: it does not come within ``within_s`` seconds; none is taken then.
            StoreError: the file cannot be written.
        """
        with self._database.writing() as connection:
            now = self._clock()
            wait_s = max(0.0, self._next_at(now) - now)
            if wait_s > within_s:
                raise SourceUnavailable(
                    f"{self._site} may not be asked again for {wait_s:,.0f} s.", "Try again after that."
                )
            connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (self._site, now + wait_s + self._every_s))
        if wait_s:
            self._sleep(wait_s)

    def postpone(self, seconds: float) -> None:
        """Nobody gets a turn for so many seconds, MOST_POSTPONED_S at most: the site has asked for it.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._database.writing() as connection:
            now = self._clock()
            next_at = max(self._next_at(now), now + min(seconds, MOST_POSTPONED_S))
            connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (self._site, next_at))

    def _next_at(self, now: float) -> float:
        with self._database.reading() as connection:
            row = connection.execute("SELECT next_at FROM pace WHERE site = ?", (self._site,)).fetchone()
        next_at: float = now if row is None else row[0]
        return next_at if next_at < now + _CLOCK_WAS_SET_BACK_S else now
