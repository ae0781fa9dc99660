"""A version's folder: which shard in it is the version's, what else lies about, and who has it.

The manifest names the shard, so that a rewritten one takes the place of the former one in a single step. Any other
shard is rubbish, left by a rewriting that died or was just done, for whoever holds the lock to sweep away.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO

from indexer.errors import IndexBeingRewritten, IndexInUse, IndexUnavailable
from indexer.files import folder_errors, sync_folder, try_lock
from indexer.manifest import read_shard

IN_USE = "Stop that process first, or ask it over its API; an embedded index is open in one process at a time."
_USE_LOCK = "use.lock"


def shard_of(folder: Path) -> Path:
    """The version's shard. Raises IndexUnavailable where the facts are damaged."""
    return folder / read_shard(folder)


def fresh_shard_of(folder: Path) -> Path:
    """Where another shard may grow; made by :func:`indexer.edge_shard.create_shard`."""
    name, _, number = read_shard(folder).partition("-")
    return folder / f"{name}-{int(number or 1) + 1}"


def lock_of(folder: Path) -> IO[bytes] | None:
    """The lock on a version, None where another has it; closing it lets go."""
    return try_lock(folder / _USE_LOCK)


def take(folder: Path) -> IO[bytes]:
    """Take the lock on a version, and sweep away what a rewriting has left there.

    Raises:
        IndexInUse: another process has it open. IndexBeingRewritten: an eraser is at work on it.
        IndexUnavailable: it is damaged, or the disk fails.
    """
    with folder_errors():
        lock = lock_of(folder)
        if lock is None:
            raise _taken(folder)
        try:
            sweep(folder)
        except BaseException:
            lock.close()
            raise
    return lock


def sweep(folder: Path) -> None:
    """Leave no shard but the version's own; the lock must be held. Raises IndexUnavailable."""
    with folder_errors():
        for stray in strays(folder):
            shutil.rmtree(stray)
            sync_folder(folder)


def strays(folder: Path) -> list[Path]:
    """Shards that are not the version's. Raises IndexUnavailable where the facts are damaged."""
    own = shard_of(folder)
    return [path for path in folder.glob("shard*") if path != own]


def _taken(folder: Path) -> IndexUnavailable:
    if strays(folder):
        return IndexBeingRewritten(
            f"The index {folder.name} is being rewritten, so that no byte stays of people who were deleted.",
            "Try again in a minute.",
        )
    return IndexInUse("Another process has the index open.", IN_USE)
