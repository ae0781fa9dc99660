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

_log = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "indexer", "--erase")
_LOOK_EVERY_S = 0.25
_AGAIN_AFTER_S = 60.0
_NICENESS = 10  # below the server's priority
_STOP_WITHIN_S = 5.0


class Eraser:
    """Starts the erasing once people were deleted, at most once in ``every_s`` seconds, until it is stopped."""

    def __init__(self, every_s: float, command: Sequence[str]) -> None:
        self._every_s, self._command = every_s, command
        self._wanted = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eraser", daemon=True)

    def want(self) -> None:
        """People were deleted."""
        self._wanted.set()

    def start(self) -> None:
        """Begin to wait for deletions."""
        self._thread.start()

    def stop(self) -> None:
        """End, and with it an erasing under way: it can be broken off anywhere, and the next one goes on."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        not_before = 0.0
        while not self._stop.wait(_LOOK_EVERY_S):
            if not self._wanted.is_set() or time.monotonic() < not_before:
                continue
            self._wanted.clear()
            is_done = self._erase()
            if not is_done:
                self._wanted.set()
            not_before = time.monotonic() + (self._every_s if is_done else min(self._every_s, _AGAIN_AFTER_S))

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
        if process.returncode != 0 and not self._stop.is_set():
            lines = said.strip().splitlines()
            _log.error("erasing failed and is tried again: %s", lines[-1] if lines else process.returncode)
        return process.returncode == 0

    def _finished(self, process: subprocess.Popen[str]) -> str:
        """What the process said, once it is over; it is ended where the server is."""
        while True:
            try:
                return process.communicate(timeout=_LOOK_EVERY_S)[1]
            except subprocess.TimeoutExpired:
                if self._stop.is_set():
                    process.terminate()
                    break
        try:
            return process.communicate(timeout=_STOP_WITHIN_S)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[1]
