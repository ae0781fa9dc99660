"""Running another of our programs beside the server, below its priority; it ends with the server."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Sequence

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.25
_NICENESS = 10
_STOP_WITHIN_S = 1.0


def run_beside(what: str, command: Sequence[str], stopping: threading.Event) -> bool:
    """Run a program to its end; whether it did what it was to do. What it says of a failure is logged.

    Args:
        what: it does, in a word, such as "erasing".
        command: the program with its arguments.
        stopping: when this is set, the program is ended.
    """
    try:
        with subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
            said = _finished(process, stopping)
    except OSError as error:
        _log.error("%s could not be started: %s", what, error.strerror)
        return False
    if process.returncode != 0 and not stopping.is_set():
        lines = said.strip().splitlines()
        _log.error("%s failed and is tried again: %s", what, lines[-1] if lines else process.returncode)
    return process.returncode == 0


def _finished(process: subprocess.Popen[str], stopping: threading.Event) -> str:
    """What the process said, once it is over."""
    while True:
        try:
            return process.communicate(timeout=_LOOK_EVERY_S)[1]
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                process.terminate()
                break
    try:
        return process.communicate(timeout=_STOP_WITHIN_S)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1]
