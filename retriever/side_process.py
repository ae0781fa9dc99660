"""Running another of our programs beside the server, below its priority; it ends with the server."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import IO

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.25
_NICENESS = 10
_STOP_WITHIN_S = 1.0
_MAX_LINE = 500
_NO_TEXT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Colours and what moves the cursor; whoever reads along is no terminal."""


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


def follow_beside(command: Sequence[str], stopping: threading.Event, say: Callable[[str], None]) -> int | None:
    """Run a program to its end; its exit code, None where it could not be started.

    Args:
        command: the program with its arguments.
        stopping: when this is set, the program is ended.
        say: told each line that it says, whether of failure or not, in another thread.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        )
    except OSError as error:
        say(f"It could not be started: {error.strerror}.")
        return None
    os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    assert process.stdout is not None  # noqa: S101 - as it is a pipe
    reader = threading.Thread(target=_read_along, args=(process.stdout, say), name="reading-along", daemon=True)
    reader.start()
    code = _ended(process, stopping)
    reader.join(_STOP_WITHIN_S)  # whatever the program has left running may still hold its pipe
    return code


def _ended(process: subprocess.Popen[str], stopping: threading.Event) -> int:
    while not stopping.is_set():
        try:
            return process.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            continue
    process.terminate()
    try:
        return process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _read_along(pipe: IO[str], say: Callable[[str], None]) -> None:
    with pipe:
        for line in iter(lambda: pipe.readline(_MAX_LINE), ""):
            text = _NO_TEXT.sub("", line).rstrip()
            if text:
                say(text)
