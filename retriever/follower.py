"""The background thread that keeps the live version live: new indexes, changes by other processes, rarity."""

from __future__ import annotations

import time

from retriever.live import Live
from retriever.repeating import Repeating
from retriever.settings import RetrieverSettings


class Follower(Repeating):
    """Looks for changes every ``follow_every_s`` seconds."""

    def __init__(self, live: Live, settings: RetrieverSettings) -> None:
        super().__init__("follower", settings.follow_every_s)
        self._live, self._count_every_s = live, settings.popularity_every_s
        self._counted_at = time.monotonic()

    def step(self) -> None:
        """Look once."""
        self._live.follow()
        if time.monotonic() - self._counted_at >= self._count_every_s:
            self._live.count_popularity()
            self._counted_at = time.monotonic()

    def failed(self, error: Exception) -> None:
        """Tell of it where people look, too."""
        super().failed(error)
        self._live.trouble = f"following failed: {type(error).__name__}"
