"""A lock between processes: an ``flock``, which the kernel lets go of when its process dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def tried(path: Path) -> Iterator[bool]:
    """Hold the lock if nobody else does; tells whether it is held."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock, waiting for it as long as it takes; the folder must exist."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
