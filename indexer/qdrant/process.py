"""Which process a lease is of, and whether it may still run: only of those on the same machine can more be told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


def this_process() -> dict[str, Any]:
    """What others know this process by."""
    return {"machine": _machine(), "pid": os.getpid()}


def may_run(told: Mapping[str, Any]) -> bool:
    """Whether a process that was told of as above may still run."""
    is_here = bool(_machine()) and told.get("machine") == _machine()
    return not is_here or _is_running(int(told.get("pid", 0)))


@cache
def _machine() -> str:
    """What numbers of processes are unique in: one start of a kernel, one container; empty where that is not told.

    Not the name of the host, which clones and containers have in common.
    """
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
