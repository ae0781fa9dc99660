"""IndexCatalog on a folder: every version in a folder of its own, and one file that says which one is live.

<root>/CURRENT                                  the alias, replaced in one step
<root>/BUILDS                                   the last build number of each model, so that no name comes twice
<root>/publish.lock                             held while the alias or the set of versions changes
<root>/versions/users-v7-b2/manifest.json       what is known of the version
<root>/versions/users-v7-b2/shard/              Qdrant's files; shard-2 after the first rewriting
<root>/versions/users-v7-b2/use.lock            held by the process that has it open
<root>/versions/.staging-users-v7-b3/           being built, or left by a builder that died
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from features.files import locked
from indexer.alias import Alias, read_alias, write_alias
from indexer.edge_builder import EdgeVersionBuilder
from indexer.edge_folder import lock_of, shard_of, strays, take
from indexer.edge_index import EdgeUserIndex
from indexer.edge_rewrite import EdgeVersionRewriter, rewriter
from indexer.edge_shard import load_shard
from indexer.errors import IndexUnavailable, NoIndex
from indexer.files import folder_errors, private_folder, write_atomically
from indexer.left_out import LeftOut
from indexer.manifest import MEND, parse_name, read_manifest, unproven, version_name
from indexer.ports import IndexVersion, Outdated, nobody
from indexer.settings import IndexSettings

_log = logging.getLogger(__name__)
_STAGING = ".staging-"


class EdgeIndexCatalog:
    """All versions under ``root``, and the alias; any number of processes may share it."""

    def __init__(self, root: Path, settings: IndexSettings) -> None:
        self._settings = settings
        self._root = root
        self._versions = root / "versions"
        self._current = root / "CURRENT"

    def create(self, model_version: int, width: int) -> EdgeVersionBuilder:
        """Begin a new version, after sweeping away what builders that died have left."""
        with self._changing():
            self._sweep()
            name = version_name(model_version, self._next_build(model_version))
            staging = self._versions / f"{_STAGING}{name}"
            staging.mkdir(mode=0o700)
            lock = lock_of(staging)
        assert lock is not None, "nobody else can hold a lock in a folder that was just made"  # noqa: S101
        return EdgeVersionBuilder(staging, unproven(name, model_version, width), self._settings, lock=lock)

    def publish(self, name: str) -> None:
        """Point the alias at a sealed version, in one atomic step; a damaged alias is replaced."""
        with self._changing():
            read_manifest(self._folder(name))
            alias = self._alias_or_none()
            if alias is None or alias.name != name:
                write_alias(self._current, alias.moved_to(name) if alias else Alias(name, 1, None))

    def rollback(self) -> IndexVersion:
        """Point the alias back at the version that was live before; twice is as if nothing had happened."""
        with self._changing():
            alias = read_alias(self._current)
            if alias is None or alias.previous is None or not (self._versions / alias.previous).is_dir():
                raise NoIndex("There is no earlier version to go back to.", MEND)
            version = read_manifest(self._folder(alias.previous))
            write_alias(self._current, alias.moved_to(alias.previous))
        return version

    def live(self) -> IndexVersion:
        """The version that the alias points at. Raises ``NoIndex`` if none was published."""
        alias = read_alias(self._current)
        if alias is None:
            raise NoIndex("No index was published yet.", "Build one with: python -m indexer")
        return read_manifest(self._versions / alias.name)

    def versions(self) -> list[IndexVersion]:
        """All sealed versions, oldest first; damaged ones are logged and left out, the next build drops them."""
        found = []
        for name in self._names():
            try:
                found.append(read_manifest(self._versions / name))
            except IndexUnavailable as error:
                _log.warning("%s", error)
        return sorted(found, key=lambda version: (version.created_at, parse_name(version.name)))

    def open(self, name: str) -> EdgeUserIndex:
        """Open a version for reading and writing, in one process at a time.

        Raises:
            NoIndex: there is no such version.
            IndexInUse: another process has it open.
            IndexBeingRewritten: an eraser is at work on it, for a minute or so. IndexUnavailable: it is damaged.
        """
        folder = self._folder(name)
        lock = take(folder)
        try:
            return EdgeUserIndex(load_shard(shard_of(folder)), read_manifest(folder), self._settings, lock=lock)
        except IndexUnavailable:
            lock.close()
            raise

    def rewrite(self, name: str, *, without: Collection[UUID], outdated: Outdated = nobody) -> EdgeVersionRewriter:
        """Begin to rewrite a version without some points; it is as it was, and cannot be opened, until it is sealed.

        Raises:
            NoIndex: there is no such version.
            IndexInUse: another process has it open.
            IndexBeingRewritten: another eraser is at work on it. IndexUnavailable: it is damaged.
        """
        with self._changing():  # so that nobody drops it before it is locked
            folder = self._folder(name)
            lock = take(folder)
        return rewriter(folder, self._settings, LeftOut(frozenset(without), outdated), lock=lock)

    def replace(self, name: str, fresh: str) -> bool:
        """Point the alias at ``fresh`` if it points at ``name``, in one atomic step; the way back stays what it was."""
        with self._changing():
            read_manifest(self._folder(fresh))
            alias = read_alias(self._current)
            if alias is None or alias.name != name:
                return False
            write_alias(self._current, alias.replaced_by(fresh))
            return True

    def drop(self, name: str) -> bool:
        """Drop a version. False where it stays, since a process has it open or the alias leads to it."""
        with self._changing():
            alias = self._alias_or_none()
            if alias and name in (alias.name, alias.previous):
                return False
            return name not in self._names() or self._drop(self._versions / name)

    def prune(self, keep: int) -> list[str]:
        """Drop all but ``keep`` versions: the live one, the one live before it, then the newest; returns the dropped.

        A version that some process has open is spared. What processes that died have left is swept away, too.
        """
        with self._changing():
            self._sweep()
            alias = self._alias_or_none()
            newest = [version.name for version in reversed(self.versions())]
            pointed = [name for name in (alias.name, alias.previous) if name in newest] if alias else []
            kept = list(dict.fromkeys([*pointed, *newest]))[: max(keep, 1)]
            return [name for name in self._names() if name not in kept and self._drop(self._versions / name)]

    def close(self) -> None:
        """There is nothing to let go of."""

    def _drop(self, folder: Path) -> bool:
        lock = lock_of(folder)
        if lock is None:
            return False
        with lock:
            doomed = folder.with_name(f"{_STAGING}{folder.name.removeprefix(_STAGING)}")
            folder.rename(doomed)  # so that half a version is never taken for a whole one
            shutil.rmtree(doomed)
        return True

    def _sweep(self) -> None:
        for staging in self._versions.glob(f"{_STAGING}*"):
            self._drop(staging)
        for name in self._names():
            with suppress(IndexUnavailable):  # damaged, or taken by a process that sweeps by itself
                if strays(self._versions / name):
                    take(self._versions / name).close()

    def _next_build(self, model_version: int) -> int:
        counter = self._root / "BUILDS"
        try:
            builds: dict[str, int] = json.loads(counter.read_bytes())
        except (FileNotFoundError, ValueError):
            builds = {}
        taken = [build for model, build in filter(None, map(parse_name, self._names())) if model == model_version]
        build = 1 + max([builds.get(str(model_version), 0), *taken])
        write_atomically(counter, json.dumps({**builds, str(model_version): build}).encode())
        return build

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._versions.glob("users-*") if parse_name(path.name))

    def _folder(self, name: str) -> Path:
        if parse_name(name) is None or not (self._versions / name).is_dir():
            raise NoIndex(f"There is no version {name} of the index.", "See them with: python -m indexer --list")
        return self._versions / name

    def _alias_or_none(self) -> Alias | None:
        try:
            return read_alias(self._current)
        except IndexUnavailable as error:
            _log.warning("%s", error)
            return None

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with folder_errors():
            private_folder(self._root)
            private_folder(self._versions)
            with locked(self._root / "publish.lock"):
                yield
