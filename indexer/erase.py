"""Leave no byte of deleted people in any version's files: rewrite what nobody has open, replace what a server has open.

A deletion takes a person out of all answers at once, but an engine keeps bytes until a version is rewritten. That takes
all cores and stops the process that does it for seconds, so it is never done by the server. No engine here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from features.ports import FeatureStore
from indexer.axes import FITTED_ON, axes_of
from indexer.build import ASKED, BuildOptions, build_version
from indexer.check import Sample, check_count, check_recall
from indexer.errors import IndexerError, IndexInUse, NoIndex
from indexer.ports import NEVER_CLEARED, IndexVersion, RewritableCatalog, UserIndex
from indexer.tombstones import cleared, holds_deleted, outdated
from trainer.ports import Embedder

_EVER = NEVER_CLEARED.at
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class EraseOptions:
    """How to erase.

    Attributes:
        wait_s: seconds to wait for other processes to let go of versions.
        build: how a version is built in place of one that a server has open. ``min_recall`` holds for rewritten ones,
            too; ``keep_versions`` is not looked at, as many stay as there were.
    """

    wait_s: float = 60.0
    build: BuildOptions = field(default_factory=BuildOptions)


@dataclass(frozen=True, slots=True)
class Erased:
    """Names of the versions that something was done with.

    Attributes:
        rewritten: copied without the bytes of deleted people.
        built: in place of one that a server had open, which is dropped as soon as it lets go.
        dropped: replaced in that way, or not to be read by anybody.
        in_use: still holding bytes, since a process has them open.
    """

    rewritten: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    in_use: tuple[str, ...] = ()


def erase(
    features: FeatureStore, catalog: RewritableCatalog, load_embedder: Callable[[int], Embedder], options: EraseOptions
) -> Erased:
    """Free all versions of those who were deleted before it began; quick where nobody was.

    A version that no process has open is rewritten under its own name. The live one, where a server has it open, is
    built anew with the same model and takes the old one's place, so that the way back leads where it led before; the
    server moves over and the old one is dropped. Killed at any point, it leaves every version whole, and the next call
    goes on. Who is deleted meanwhile is the next call's. Of somebody who has come back, what was known of them before
    goes; a version that knew nothing else is without them until it is opened, which brings it up to date.

    Raises:
        IndexUnavailable: the live version is damaged; or, after all others were freed, another one is, or is being
            rewritten by another process.
        IndexRejected: what was built failed its checks; or, after all others were freed, what was rewritten did. The
            version is left as it was.
        NoModel, BrokenModel, ModelMismatch: the live version is open, and its model cannot build another one.
    """
    if not features.departed(since=_EVER):
        return Erased()
    run = _Run(features, catalog, options.build)
    live = _live(catalog)  # first, so that a damaged one is told of and not dropped
    run.dropped += catalog.prune(sys.maxsize)  # what nobody can read, and what processes that died have left behind
    in_use = run.free([version.name for version in catalog.versions() if holds_deleted(version, features)])
    if live is not None and live.name in in_use and features.count():
        run.build_in_place_of(live, load_embedder(live.model_version))
    until = time.monotonic() + options.wait_s
    while in_use and time.monotonic() < until:
        options.build.say(f"waiting for {', '.join(in_use)} to be let go of")
        time.sleep(_LOOK_EVERY_S)
        in_use = run.free(in_use)
    if run.trouble:
        raise run.trouble
    return Erased(tuple(run.rewritten), tuple(run.built), tuple(run.dropped), tuple(in_use))


def _live(catalog: RewritableCatalog) -> IndexVersion | None:
    try:
        return catalog.live()
    except NoIndex:
        return None


class _Run:
    """What one call has done so far."""

    def __init__(self, features: FeatureStore, catalog: RewritableCatalog, options: BuildOptions) -> None:
        self._features, self._catalog, self._options = features, catalog, options
        self._superseded: str | None = None
        self.rewritten: list[str] = []
        self.built: list[str] = []
        self.dropped: list[str] = []
        self.trouble: IndexerError | None = None

    def free(self, names: list[str]) -> list[str]:
        """Free versions of what was deleted; returns those that a process has open."""
        return [name for name in names if not (self._drop(name) if name == self._superseded else self._rewrite(name))]

    def build_in_place_of(self, live: IndexVersion, embedder: Embedder) -> None:
        """Build and publish a version for a live one that is open, unless another one was published meanwhile."""
        self._options.say(f"building a version in place of {live.name}, which is open")
        fresh = build_version(self._features, embedder, self._catalog, self._options).name
        if any(holds_deleted(sealed, self._features) for sealed in self._catalog.versions() if sealed.name == fresh):
            self._rewrite(fresh)  # as it went on where another was broken off
        try:
            is_published = self._catalog.replace(live.name, fresh)
        except NoIndex:  # whoever published another one has dropped it
            return
        if is_published:
            self._superseded = live.name
            self.built.append(fresh)
        else:
            self._catalog.drop(fresh)

    def _drop(self, name: str) -> bool:
        is_gone = self._catalog.drop(name)
        if is_gone:
            self.dropped.append(name)
        return is_gone

    def _rewrite(self, name: str) -> bool:
        try:
            self._rewrite_and_check(name)
        except IndexInUse:
            return False
        except NoIndex:  # a builder has dropped it
            return True
        except IndexerError as error:  # does not keep the others from being freed
            self.trouble = self.trouble or error
            return True
        self.rewritten.append(name)
        return True

    def _rewrite_and_check(self, name: str) -> None:
        self._options.say(f"rewriting {name}")
        free_of = cleared(self._features, now=self._options.clock())
        gone = frozenset(self._features.deleted(since=_EVER))
        returned = frozenset(self._features.departed(since=_EVER)) - gone
        builder = self._catalog.rewrite(name, without=gone, outdated=outdated(self._features, returned))
        try:
            index = builder.finish()
            check_count(index, index.version.count)
            recall = check_recall(index, _sample(index, self._features), self._options.min_recall)
            # Of those who stay: the former ones tell of who left, if of nobody in person.
            axes = axes_of(_vectors(index))
            builder.seal(replace(index.version, recall_at_10=round(recall, 4), cleared=free_of, axes=axes))
        except BaseException:
            builder.abort()
            raise


def _sample(index: UserIndex, features: FeatureStore) -> Sample:
    """People who ask for the recall: the first of the store, as good as any."""
    somebody = next(features.scan(batch_size=ASKED), [])
    people = index.get([person.user_id for person in somebody])
    return list(people), np.asarray([person.vector for person in people.values()], np.float32)


def _vectors(index: UserIndex) -> npt.NDArray[np.float32]:
    """A sample of everybody, float32 [n, width]."""
    vectors: list[npt.NDArray[np.float32]] = []
    for batch in index.walk(()):
        vectors += [person.vector for person in batch]
        if len(vectors) >= FITTED_ON:
            break
    return np.asarray(vectors[:FITTED_ON], np.float32).reshape(-1, index.version.width)
