"""The background thread that has the bytes of deleted people rewritten, by a process of its own.

The engine deletes softly, and rewriting would hold up every request of this process. So after deletions were delivered
``python -m indexer --erase`` is started; see there for what it does.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from retriever.repeating import Repeating

_log = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "indexer", "--erase")
_LOOK_EVERY_S = 0.25
_AGAIN_AFTER_S = 60.0
_NICENESS = 10  # below the server's priority
_STOP_WITHIN_S = 1.0


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
        is_done = self._erase()
        if not is_done:
            self._wanted.set()
        wait_s = self._erase_every_s if is_done else min(self._erase_every_s, _AGAIN_AFTER_S)
        self._not_before = time.monotonic() + wait_s

    def _erase(self) -> bool:
        try:
            with subprocess.Popen(  # noqa: S603 - our own program
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            ) as process:
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
                said = self._finished(process)
        except OSError as error:
            _log.error("erasing could not be started: %s", error.strerror)
            return False
        if process.returncode != 0 and not self.stopping.is_set():
            lines = said.strip().splitlines()
            _log.error("erasing failed and is tried again: %s", lines[-1] if lines else process.returncode)
        return process.returncode == 0

    def _finished(self, process: subprocess.Popen[str]) -> str:
        """What the process said, once it is over; it is ended where the server is."""
        while True:
            try:
                return process.communicate(timeout=_LOOK_EVERY_S)[1]
            except subprocess.TimeoutExpired:
                if self.stopping.is_set():
                    process.terminate()
                    break
        try:
            return process.communicate(timeout=_STOP_WITHIN_S)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[1]
