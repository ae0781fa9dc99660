"""Folders for files of people that are wanted for as long as a process works: gone when it ends, however it ends.

Whoever makes one deletes those of processes that were killed; those of processes that live are held by a lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from features.files import tried

_LOCK = "lock"


@contextmanager
def own_folder(folder: Path, *, siblings: str) -> Iterator[Path]:
    """A new folder, for its owner's eyes only, held by this process until the block ends; it is deleted then.

    Args:
        folder: what is to be made.
        siblings: pattern of the names of such folders beside it, of which those that nobody holds are deleted first.

    Raises:
        FileExistsError: another process has it.
        OSError: it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for former in folder.parent.glob(siblings):
        _sweep(former)
    while True:
        folder.mkdir(mode=0o700)
        with tried(folder / _LOCK) as is_held:
            if not is_held or not (folder / _LOCK).exists():  # swept before it was held
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        return


def _sweep(folder: Path) -> None:
    """A folder without a lock is being made, or being deleted."""
    with suppress(OSError):  # somebody else deletes it, or it is somebody else's
        if (folder / _LOCK).exists():
            with tried(folder / _LOCK) as is_nobodys:
                if is_nobodys:
                    shutil.rmtree(folder, ignore_errors=True)
