"""A lock between processes: an ``flock``, which the kernel lets go of when its process dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_ASK_AGAIN_S = 0.02


@contextmanager
def tried(path: Path) -> Iterator[bool]:
    """Hold the lock if nobody else does; tells whether it is held. Raises FileNotFoundError: the folder is gone."""
    while True:
        with path.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            if _is_there(file, path):
                yield True
                return


@contextmanager
def locked(path: Path, *, patience_s: float | None = None) -> Iterator[None]:
    """Hold the lock, waiting for it as long as it takes, or ``patience_s``.

    Raises:
        FileNotFoundError: there is no such folder, or not any more.
        TimeoutError: somebody else held it all that time.
    """
    while True:
        with path.open("ab") as file:
            if patience_s is None:
                fcntl.flock(file, fcntl.LOCK_EX)
            else:
                _take(file, patience_s)
            if _is_there(file, path):
                yield
                return


def _is_there(file: BinaryIO, path: Path) -> bool:
    """Whether it is still the file of that name: who held it before may have deleted it, and another made a new one."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _take(file: BinaryIO, patience_s: float) -> None:
    """Ask again and again: the kernel waits for a lock for ever or not at all."""
    give_up = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise TimeoutError from None
            time.sleep(_ASK_AGAIN_S)
        else:
            return
