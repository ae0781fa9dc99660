"""The background thread that has people deleted whose listening Spotify's terms do not let us keep any longer.

Looking at everybody would hold up the requests of this process, so ``python -m features expire`` is started for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from retriever.repeating import Repeating
from retriever.side_process import run_beside

COMMAND = (sys.executable, "-m", "features", "expire")
_LOOK_EVERY_S = 300.0
_EVERY_S = 86_400.0


class Expirer(Repeating):
    """Starts it some minutes after the server, and once a day from then on; after a failure again in some minutes."""

    def __init__(self, command: Sequence[str], *, look_every_s: float = _LOOK_EVERY_S) -> None:
        super().__init__("expirer", look_every_s)
        self._command = command
        self._not_before = 0.0

    def step(self) -> None:
        """Do it if it is time."""
        if time.monotonic() >= self._not_before and run_beside("expiring", self._command, self.stopping):
            self._not_before = time.monotonic() + _EVERY_S
