"""The background thread that has the bytes of deleted people rewritten, by a process of its own.

The engine deletes softly, and rewriting would hold up every request of this process. So after deletions were delivered
``python -m indexer --erase`` is started; see there for what it does.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

from retriever.repeating import Repeating
from retriever.side_process import run_beside

COMMAND = (sys.executable, "-m", "indexer", "--erase")
_LOOK_EVERY_S = 0.25
_AGAIN_AFTER_S = 60.0


class Eraser(Repeating):
    """Starts the erasing once people were deleted, at most once in ``every_s`` seconds; it can be broken off anywhere.

    An erasing under way ends with the server, and the next one goes on.
    """

    def __init__(self, every_s: float, command: Sequence[str]) -> None:
        super().__init__("eraser", _LOOK_EVERY_S)
        self._erase_every_s, self._command = every_s, command
        self._wanted = threading.Event()
        self._not_before = 0.0

    def want(self) -> None:
        """People were deleted."""
        self._wanted.set()

    def step(self) -> None:
        """Erase if it is wanted and time."""
        if not self._wanted.is_set() or time.monotonic() < self._not_before:
            return
        self._wanted.clear()
        is_done = run_beside("erasing", self._command, self.stopping)
        if not is_done:
            self._wanted.set()
        wait_s = self._erase_every_s if is_done else min(self._erase_every_s, _AGAIN_AFTER_S)
        self._not_before = time.monotonic() + wait_s
