"""The live version: index and model as one unit, swapped as one reference, followed to the store's state.

A request leases the unit and works with it to the end, so no answer mixes two versions; a retired unit is closed
when its last lease is over. All writes of this process go through ``writing``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from features.errors import SoundalikeError
from features.ports import ArtistCatalog, FeatureStore
from indexer.errors import IndexUnavailable
from indexer.follow import catch_up
from indexer.ports import IndexCatalog, IndexVersion, UserIndex
from indexer.terms import numbered
from trainer.ports import Embedder

LOOK_BACK = timedelta(seconds=5)
"""A write is stamped inside its transaction and seen after it; each look for changes reaches back this far."""

_log = logging.getLogger(__name__)


@dataclass
class Unit:
    """An opened version with the model that made its vectors. ``leases`` counts the requests that work with it."""

    index: UserIndex
    embedder: Embedder
    quantiles: tuple[float, ...]
    leases: int = field(default=0)


@dataclass(frozen=True)
class Sources:
    """What a live version is made from."""

    catalog: IndexCatalog
    store: FeatureStore
    artists: ArtistCatalog
    load_embedder: Callable[[int], Embedder]


class Live:
    """Holds the live unit. ``follow`` is called again and again by one background thread."""

    def __init__(self, sources: Sources) -> None:
        """Open the published version.

        Raises:
            NoIndex: nothing was published. NoModel, BrokenModel: its model cannot be loaded.
            IndexUnavailable: it cannot be opened.
        """
        self._sources = sources
        self._guard, self._writes = threading.Lock(), threading.RLock()
        self._retired: list[Unit] = []
        self.trouble: str | None = None
        self._looked_at = datetime.now(UTC)
        self._unit: Unit | None = self._opened(sources.catalog.live())
        self.people = numbered(*sources.artists.popularity())

    @contextmanager
    def lease(self) -> Iterator[Unit]:
        """Work with the live unit; it stays open until the block ends.

        Raises:
            IndexUnavailable: the service is stopping.
        """
        with self._guard:
            unit = self._unit
            if unit is None:
                raise IndexUnavailable("The service is stopping.", "Ask again in a moment.")
            unit.leases += 1
        try:
            yield unit
        finally:
            with self._guard:
                unit.leases -= 1

    @contextmanager
    def writing(self) -> Iterator[Unit]:
        """Write to the store and to the unit; no swap and no catching-up happens in between."""
        with self._writes, self.lease() as unit:
            yield unit

    def follow(self) -> None:
        """Move over to a newly published version, bring the live one up to date, close what nobody uses."""
        try:
            self._move_over()
            with self.writing() as unit:
                since, self._looked_at = self._looked_at - LOOK_BACK, datetime.now(UTC)
                try:
                    catch_up(unit.index, self._sources.store, unit.embedder, since=since)
                except SoundalikeError:
                    self._looked_at = since + LOOK_BACK  # what was missed is looked for again
                    raise
            self.trouble = None
        except SoundalikeError as error:
            if self.trouble != str(error):
                _log.error("cannot follow: %s", error)
            self.trouble = str(error)
        self._close_retired()

    def count_popularity(self) -> None:
        """Learn anew how rare artists and genres are."""
        self.people = numbered(*self._sources.artists.popularity())

    def close(self) -> None:
        """Stop leasing and close everything; requests under way must be over."""
        with self._writes, self._guard:
            if self._unit is not None:
                self._retired.append(self._unit)
                self._unit = None
        self._close_retired()

    def _move_over(self) -> None:
        published = self._sources.catalog.live()
        with self.lease() as unit:
            if unit.index.version.name == published.name:
                return
        fresh = self._opened(published)
        started = datetime.now(UTC)
        with self._writes:
            # What came while the first, longer catching-up went on.
            catch_up(fresh.index, self._sources.store, fresh.embedder, since=started - LOOK_BACK)
            with self._guard:
                if self._unit is None:
                    self._retired.append(fresh)
                    return
                self._retired.append(self._unit)
                self._unit = fresh
        self.count_popularity()
        _log.info("moved over to %s", published.name)

    def _opened(self, version: IndexVersion) -> Unit:
        embedder = self._sources.load_embedder(version.model_version)
        index = self._sources.catalog.open(version.name)
        try:
            catch_up(index, self._sources.store, embedder, since=version.watermark)
        except BaseException:
            index.close()
            raise
        return Unit(index, embedder, version.similarity_quantiles)

    def _close_retired(self) -> None:
        with self._guard:
            idle = [unit for unit in self._retired if not unit.leases]
            self._retired = [unit for unit in self._retired if unit.leases]
        for unit in idle:
            unit.index.close()
