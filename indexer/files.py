"""Files that survive a crash and locks that do not: the two things that an index on disk is built from.

Knows nothing of versions or vectors. A lock is an ``flock``: the kernel lets go of it when its process dies. To wait
for one, there is ``features.files``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from indexer.errors import IndexUnavailable


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file at once: readers see the old content or the new, and a power cut leaves one of them."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)  # noqa: PTH105 - the name says what it does
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, and its parents."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def try_lock(path: Path) -> IO[bytes] | None:
    """Take the lock, or None where somebody has it; closing the answer lets go. The folder must exist."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def folder_errors() -> Iterator[None]:
    """Wrap what is done to the index folder: an OSError becomes IndexUnavailable."""
    try:
        yield
    except OSError as error:
        raise IndexUnavailable(
            f"The index folder cannot be used: {error}.", "Check the disk and its rights."
        ) from error
