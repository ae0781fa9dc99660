"""Folders for files of people that are wanted for as long as a process works: gone when it ends, however it ends.

Whoever makes one deletes those of processes that were killed; those of processes that live are held by a lock.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from features.files import locked, tried

_LOCK = "lock"
_PATIENCE_S = 2.0
"""For whoever took it for a dead process's between its making and its locking."""


@contextmanager
def own_folder(folder: Path, *, siblings: str) -> Iterator[Path]:
    """A folder, empty, for its owner's eyes only, held by this process until the block ends; it is deleted then.

    Args:
        folder: what is to be made, or taken over from a process that was killed.
        siblings: pattern of the names of such folders, this one's among them; whichever nobody holds are deleted first.

    Raises:
        FileExistsError: another process has it.
        OSError: it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent, siblings)
    with ExitStack() as holding:
        _take(folder, holding)
        try:
            yield folder
        finally:
            _delete(folder)


def sweep(parent: Path, siblings: str) -> None:
    """Delete the folders of processes that were killed."""
    for former in parent.glob(siblings):
        with suppress(OSError):  # somebody else deletes it
            if _is_mine(former):
                with tried(former / _LOCK) as is_nobodys:
                    if is_nobodys:
                        _delete(former)


def _take(folder: Path, holding: ExitStack) -> None:
    while True:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if not _is_mine(folder):
                raise
        try:
            holding.enter_context(locked(folder / _LOCK, patience_s=_PATIENCE_S))
        except FileNotFoundError:  # it was swept before it was held
            continue
        except TimeoutError as error:
            raise FileExistsError(f"{folder} is in use.") from error
        return


def _is_mine(folder: Path) -> bool:
    """A folder of this user's: in one like /tmp others may lay links to lead a deletion, or what is written, astray."""
    try:
        found = folder.lstat()
    except FileNotFoundError:  # swept just now
        return True
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _delete(folder: Path) -> None:
    """The lock goes last: what is left where this breaks off is swept by the next."""
    with suppress(OSError):  # somebody else deletes it, or has just made a lock of theirs in it
        for each in folder.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            elif each.name != _LOCK:
                each.unlink(missing_ok=True)
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
