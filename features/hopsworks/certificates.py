"""Where the client certificate of a login and its key lie: a private folder of this process, gone with it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "soundalike-hopsworks-"


def make_folder() -> str:
    """Make a new one that only its owner can look into, and clear away those of processes that were killed.

    The SDK would put them into a folder that everybody can look into.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = left.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)  # another owner's stays
    return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
