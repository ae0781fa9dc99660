"""The background thread that keeps the live version live: new indexes, changes by other processes, rarity."""

from __future__ import annotations

import logging
import threading
import time

from retriever.live import Live
from retriever.settings import RetrieverSettings

_log = logging.getLogger(__name__)


class Follower:
    """Looks for changes every ``follow_every_s`` seconds until it is stopped."""

    def __init__(self, live: Live, settings: RetrieverSettings) -> None:
        self._live, self._settings = live, settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Return once the last look is over."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        counted_at = time.monotonic()
        while not self._stop.wait(self._settings.follow_every_s):
            try:
                self._live.follow()
                if time.monotonic() - counted_at >= self._settings.popularity_every_s:
                    self._live.count_popularity()
                    counted_at = time.monotonic()
            except Exception as error:  # noqa: BLE001 - the rim of this thread: a bug must not end the following for good
                _log.exception("following failed")
                self._live.trouble = f"following failed: {type(error).__name__}"
