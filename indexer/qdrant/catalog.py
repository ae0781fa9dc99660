"""IndexCatalog on a Qdrant server or cluster, for any number of processes on any number of machines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx

from indexer.errors import IndexBeingRewritten, IndexDamaged, IndexInUse, IndexUnavailable, NoIndex
from indexer.left_out import LeftOut
from indexer.manifest import MEND, parse_name, unproven, version_name
from indexer.ports import IndexVersion, Outdated, nobody
from indexer.qdrant.builder import Claim, QdrantVersionBuilder, ResumedBuilder
from indexer.qdrant.collection import Collection as Points
from indexer.qdrant.index import QdrantServerIndex
from indexer.qdrant.leases import Lease, Leases
from indexer.qdrant.line import Line
from indexer.qdrant.making import make
from indexer.qdrant.rewriter import QdrantVersionRewriter, rewriter
from indexer.qdrant.settings import QdrantSettings
from indexer.qdrant.shelf import LEASES, LIVE, PREVIOUS, Shelf, collection_of, next_collection, version_in
from indexer.qdrant.trouble import NotThere

_log = logging.getLogger(__name__)
_CHANGES = "the catalogue"
_PATIENCE_S, _LOOK_EVERY_S = 30.0, 0.1


class QdrantIndexCatalog:
    """All versions on the server under the settings' prefix, and the alias."""

    def __init__(
        self,
        settings: QdrantSettings,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``transport`` is in place of the network, and ``clock`` of the time in seconds since 1970, for tests."""
        self._line = Line(settings, transport)
        self._shelf = Shelf(self._line)
        self._leases = Leases(self._line, self._shelf.on_server(LEASES), clock)
        self._clock = clock

    def create(self, model_version: int, width: int) -> QdrantVersionBuilder:
        """Begin a new version, or go on with one of the same model and settings that a process which died had begun."""
        with self._changing():
            aliases = self._shelf.aliases()
            builder = self._next_builder()
            for collection, lease in self._unfinished(aliases):
                version = unproven(version_in(collection), model_version, width)
                with _let_go_on_failure(lease):
                    if version.name not in aliases and self._may_go_on(collection, version):
                        self._shelf.reopen(collection)
                        return ResumedBuilder(self._line, self._shelf, Claim(collection, builder, [lease]), version)
                    self._sweep(collection, lease)
            name = version_name(model_version, self._next_build(model_version, aliases))
            collection = collection_of(name)
            builds = self._leases.take(f"building {collection}")
            with _let_go_on_failure(builds):
                make(self._line, self._shelf.on_server(collection), width)
        version = unproven(name, model_version, width)
        claim = Claim(collection, builder, [builds] if builds else [])
        return QdrantVersionBuilder(self._line, self._shelf, claim, version)

    def publish(self, name: str) -> None:
        """Point the alias at a sealed version, in one atomic step."""
        with self._changing():
            aliases = self._shelf.aliases()
            fresh, live = self._collection(name, aliases), aliases.get(LIVE)
            if live != fresh:
                self._shelf.point({LIVE: fresh, **({PREVIOUS: live} if live else {})})

    def rollback(self) -> IndexVersion:
        """Point the alias back at the version that was live before; twice is as if nothing had happened."""
        with self._changing():
            aliases = self._shelf.aliases()
            if LIVE not in aliases or PREVIOUS not in aliases:
                raise NoIndex("There is no earlier version to go back to.", MEND)
            version = self._shelf.facts(aliases[PREVIOUS])
            self._shelf.point({LIVE: aliases[PREVIOUS], PREVIOUS: aliases[LIVE]})
            return version

    def live(self) -> IndexVersion:
        """The version that the alias points at. Raises ``NoIndex`` if none was published."""
        collection = self._shelf.aliases().get(LIVE)
        if collection is None:
            raise NoIndex("No index was published yet.", "Build one with: python -m indexer")
        return self._shelf.facts(collection)

    def versions(self) -> list[IndexVersion]:
        """All sealed versions, oldest first; damaged ones are logged and left out, the next build drops them."""
        found = []
        for collection in self._sealed(self._shelf.aliases()).values():
            try:
                found.append(self._shelf.facts(collection))
            except (IndexDamaged, NotThere) as error:  # NotThere: another process has dropped it meanwhile
                _log.warning("%s", error)
        return sorted(found, key=lambda version: (version.created_at, parse_name(version.name)))

    def open(self, name: str) -> QdrantServerIndex:
        """Open a version for reading and writing, by as many processes as like to.

        With a key to read with only, nobody learns that it is open: it may be dropped meanwhile.

        Raises:
            NoIndex: there is no such version.
            IndexBeingRewritten: an eraser is at work on it, for a minute or so. IndexUnavailable: it is damaged.
        """
        if parse_name(name) is None:
            raise _no_version(name)
        lease = self._leases.share(f"open {name}") if self._line.may_write else None
        with _let_go_on_failure(lease):
            if lease and self._leases.is_held(f"rewriting {name}"):
                raise _being_rewritten(name)
            version = self._shelf.facts(self._collection(name, self._shelf.aliases()))
        points = Points(self._line, self._shelf.on_server(name))
        return QdrantServerIndex(points, version, lease.release if lease else lambda: None)

    def rewrite(self, name: str, *, without: Collection[UUID], outdated: Outdated = nobody) -> QdrantVersionRewriter:
        """Begin to rewrite a version without some points; it is as it was, and cannot be opened, until it is sealed.

        Raises:
            NoIndex: there is no such version.
            IndexInUse: a server has it open.
            IndexBeingRewritten: another eraser is at work on it. IndexUnavailable: it is damaged.
        """
        with self._changing():  # so that nobody drops it before it is locked
            former, builder = self._collection(name, self._shelf.aliases()), self._next_builder()
            lease = self._leases.take(f"rewriting {name}")
            if lease is None:
                raise _being_rewritten(name)
            with _let_go_on_failure(lease):
                if self._leases.is_held(f"open {name}"):
                    raise IndexInUse("A server has the index open.", "Wait until it has moved over, or stop it.")
        claim = Claim(next_collection(former), builder, [lease])
        return rewriter(self._line, self._shelf, former, claim, LeftOut(frozenset(without), outdated))

    def replace(self, name: str, fresh: str) -> bool:
        """Point the alias at ``fresh`` if it points at ``name``, in one atomic step; the way back stays what it was."""
        with self._changing():
            aliases = self._shelf.aliases()
            collection = self._collection(fresh, aliases)
            if LIVE not in aliases or aliases[LIVE] != aliases.get(name):
                return False
            self._shelf.point({LIVE: collection})
            return True

    def drop(self, name: str) -> bool:
        """Drop a version. False where it stays, since a process has it open or the alias leads to it."""
        with self._changing():
            aliases = self._shelf.aliases()
            if name not in aliases or parse_name(name) is None:
                return True
            pointed = (aliases.get(LIVE), aliases.get(PREVIOUS))
            return aliases[name] not in pointed and self._drop(name, aliases[name])

    def prune(self, keep: int) -> list[str]:
        """Drop all but ``keep`` versions: the live one, the one live before it, then the newest; returns the dropped.

        A version that some process has open is spared. What processes that died have left is swept away, too.
        """
        with self._changing():
            aliases = self._shelf.aliases()
            for collection, lease in self._unfinished(aliases):
                self._sweep(collection, lease)
            self._leases.sweep()
            newest, sealed = [version.name for version in reversed(self.versions())], self._sealed(aliases)
            live, previous = (version_in(aliases.get(alias, "")) for alias in (LIVE, PREVIOUS))
            # Nobody can go back to what is damaged; what is live stays whatever it is.
            pointed = [name for name in (live, previous) if name in newest or (name and name == live)]
            kept = list(dict.fromkeys([*pointed, *newest]))[: max(keep, 1)]
            return [name for name in sorted(sealed) if name not in kept and self._drop(name, sealed[name])]

    def close(self) -> None:
        """Let go of connections, and with them, after a while, of all leases."""
        self._line.close()

    def _sealed(self, aliases: dict[str, str]) -> dict[str, str]:
        """Collections of all versions, by the versions' names, readable or not."""
        return {name: collection for name, collection in aliases.items() if parse_name(name)}

    def _unfinished(self, aliases: dict[str, str]) -> Iterator[tuple[str, Lease]]:
        """Collections that are no version and that nobody builds any more, each with the lease to build it."""
        for collection in self._shelf.collections():
            if collection not in aliases.values() and not self._leases.is_held(f"rewriting {version_in(collection)}"):
                lease = self._leases.take(f"building {collection}")
                if lease:
                    yield collection, lease

    def _may_go_on(self, collection: str, version: IndexVersion) -> bool:
        """Whether what is in an unfinished collection is what would be uploaded now."""
        model_version, _ = parse_name(version.name) or (None, None)
        return model_version == version.model_version and self._shelf.was_made_as(collection, version.width)

    def _sweep(self, collection: str, lease: Lease) -> None:
        self._shelf.drop(collection)
        lease.release()

    def _drop(self, name: str, collection: str) -> bool:
        if self._leases.is_held(f"open {name}") or self._leases.is_held(f"rewriting {name}"):
            return False
        self._shelf.drop(collection, alias=name)
        return True

    def _next_build(self, model_version: int, aliases: dict[str, str]) -> int:
        taken = [build for model, build in filter(None, map(parse_name, aliases)) if model == model_version]
        return self._leases.next_number(f"builds of v{model_version}", max(taken, default=0) + 1)

    def _next_builder(self) -> int:
        """Above those of all builders before; the time keeps it so even where somebody has deleted the leases."""
        return self._leases.next_number("builders", int(self._clock()))

    def _collection(self, name: str, aliases: dict[str, str]) -> str:
        if parse_name(name) is None or name not in aliases:
            raise _no_version(name)
        return aliases[name]

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Be the only one that changes the set of versions or the alias."""
        until = time.monotonic() + _PATIENCE_S
        while (lease := self._leases.take(_CHANGES)) is None:
            if time.monotonic() > until:
                raise IndexUnavailable("Another process has been changing the index for too long.", "Try again.")
            time.sleep(_LOOK_EVERY_S)
        try:
            yield
        finally:
            lease.release()


@contextmanager
def _let_go_on_failure(lease: Lease | None) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if lease:
            lease.release()
        raise


def _no_version(name: str) -> NoIndex:
    return NoIndex(f"There is no version {name} of the index.", "See them with: python -m indexer --list")


def _being_rewritten(name: str) -> IndexBeingRewritten:
    return IndexBeingRewritten(
        f"The index {name} is being rewritten, so that no byte stays of people who were deleted.",
        "Try again in a minute.",
    )
