"""The live version: index and model as one unit, swapped as one reference, followed to the store's state.

A request leases the unit and works with it to the end, so no answer mixes two versions; a retired unit is closed
when its last lease is over. All writes of this process go through ``writing``. What fails at the index opens a circuit
breaker; ``retriever.opening`` says how a unit is opened again, in the state that was acknowledged last.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from features.errors import SoundalikeError
from indexer.errors import IndexUnavailable
from indexer.follow import catch_up, is_behind
from indexer.ports import IndexVersion
from indexer.terms import numbered
from retriever.errors import Overloaded
from retriever.opening import Sources, Unit, bring_up_to_date, open_live, open_unit, settled_until

WRITE_WAITS_S = 5.0
"""How long a write waits for its turn; only catching up with very many changes takes longer."""

_log = logging.getLogger(__name__)


class Live:
    """Holds the live unit. ``follow`` is called again and again by one background thread.

    Attributes:
        trouble: why the last look at the changes failed; None where it did not.
        people: how many listen to an artist or a genre, by ``indexer.terms.numbered``.
        generation: grows with everything that may change an answer, before that is acknowledged.
        changes: grows with everybody who comes, changes or goes, and with each version that goes live.
    """

    def __init__(self, sources: Sources, on_deleted: Callable[[Sequence[UUID]], None] = lambda _points: None) -> None:
        """Open the published version; ``on_deleted`` is told the point ids of people who were deleted, by whomever.

        Raises:
            NoIndex: nothing was published. NoModel, BrokenModel: its model cannot be loaded.
            IndexUnavailable: it cannot be opened. StoreError: the changes since cannot be read.
        """
        self._sources, self._on_deleted = sources, on_deleted
        self._guard, self._writes = threading.Lock(), threading.RLock()
        self._retired: list[Unit] = []
        self._stopping = False
        self.generation = self.changes = 0
        self.trouble: str | None = None
        settled = settled_until(sources)
        self._unit = open_live(sources)
        self._followed_until: datetime = settled or self._unit.version.watermark
        self.people = numbered(*sources.artists.popularity())

    @contextmanager
    def lease(self) -> Iterator[Unit]:
        """Work with the live unit; it stays open until the block ends.

        Raises:
            IndexUnavailable: the service is stopping, or the index failed and was not opened again yet.
        """
        with self._guard:
            unit = self._unit
            if self._stopping:
                raise IndexUnavailable("The service is stopping.", "Ask again in a moment.")
            if unit.is_down:
                raise IndexUnavailable("The index failed and is being opened again.", "Ask again in a moment.")
            unit.leases += 1
        try:
            with unit.breaker:
                yield unit
        finally:
            with self._guard:
                unit.leases -= 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one that writes; no swap and no catching-up happens in between.

        Raises:
            Overloaded: others have been writing for too long.
        """
        if not self._writes.acquire(timeout=WRITE_WAITS_S):
            raise Overloaded("The index is catching up with very many changes.")
        try:
            yield
        finally:
            self._writes.release()

    @contextmanager
    def changing(self) -> Iterator[Unit]:
        """A lease to change the index; if that fails the unit is opened again, as it no longer is what it should be.

        To be used within ``writing``. Raises what :meth:`lease` raises.
        """
        try:
            with self.lease() as unit:
                try:
                    yield unit
                except IndexUnavailable:
                    unit.is_stale = True
                    raise
        finally:
            self.changes += 1
            self.generation += 1  # only one at a time writes; also where the index is down and only answers are kept

    def follow(self) -> None:
        """Move over to a newly published version, mend a failed one, bring it up to date, close what nobody uses.

        A version that cannot be moved over to does not keep the live one from being brought up to date.
        """
        troubles = [trouble for step in (self._move_over_or_mend, self._catch_up) if (trouble := _trouble_of(step))]
        trouble = troubles[0] if troubles else None
        if trouble not in (None, self.trouble):
            _log.error("cannot follow: %s", trouble)
        self.trouble = trouble
        self._close_retired()

    def count_popularity(self) -> None:
        """Learn anew how rare artists and genres are. Raises StoreError."""
        self.people = numbered(*self._sources.artists.popularity())
        self.generation += 1

    @property
    def version(self) -> IndexVersion:
        """The facts of the live version, also while it does not answer."""
        return self._unit.version

    @property
    def is_shared(self) -> bool:
        """Whether the live version lies on a server, which has to be waited for."""
        return self._unit.index.is_shared

    @property
    def is_down(self) -> bool:
        """Whether the live version failed and was not opened again yet."""
        return self._unit.is_down

    def close(self) -> None:
        """Stop leasing and close everything; requests under way must be over."""
        with self._writes, self._guard:
            if not self._stopping:
                self._retired.append(self._unit)
            self._stopping = True
        self._close_retired()

    def _catch_up(self) -> None:
        settled, since = settled_until(self._sources), self._followed_until
        if settled == since:
            return
        # Asked before the writers are stopped: a store that hangs must not keep them waiting.
        with self.lease() as unit:
            behind, is_shared = is_behind(unit.index, self._sources.changes, since=since), unit.index.is_shared
        if behind:
            with self.writing(), self.changing() as unit:
                done = catch_up(unit.index, self._sources.changes, unit.embedder, since=since)
            if done.deleted:
                self._on_deleted(done.deleted)
        elif is_shared:  # whoever wrote to the store has written to the index as well, unseen from here
            with self.writing():
                self.changes += 1
                self.generation += 1
        self._followed_until = settled or since  # what was missed by an error is looked for again

    def _move_over_or_mend(self) -> None:
        published = self._sources.catalog.live()
        if published.name == self._unit.version.name:
            if not self._unit.is_down:
                return
            self._let_go()
        settled = settled_until(self._sources)
        fresh = open_unit(self._sources, published)
        with self._writes:
            try:  # what came while the first, longer catching-up went on
                bring_up_to_date(fresh, self._sources, since=settled or published.watermark)
            except BaseException:
                fresh.close()
                raise
            with self._guard:
                replaced, self._unit = (fresh, self._unit) if self._stopping else (self._unit, fresh)
                self._retired.append(replaced)
            self._followed_until = settled or self._followed_until
            self.changes += 1
            self.generation += 1
        self.count_popularity()
        _log.info("moved over to %s", published.name)

    def _let_go(self) -> None:
        """Close the failed unit, or its lock would keep it from being opened again."""
        with self._guard:
            if self._unit.leases:
                raise IndexUnavailable("The index failed; requests under way still hold it.")
        self._unit.close()

    def _close_retired(self) -> None:
        with self._guard:
            idle = [unit for unit in self._retired if not unit.leases]
            self._retired = [unit for unit in self._retired if unit.leases]
        for unit in idle:
            unit.close()


def _trouble_of(step: Callable[[], None]) -> str | None:
    """Why a step could not be done."""
    try:
        step()
    except SoundalikeError as error:
        return str(error)
    return None
