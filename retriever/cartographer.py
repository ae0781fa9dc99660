"""The background thread that draws the map of everybody, so that no request has to.

Axes are the version's own (``indexer.axes``); where a person lies is worked out here, from the vectors in the index, as
people come, change and go without a new version. A version of before there were axes is given some while it is served.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import TypeVar
from uuid import UUID

import numpy as np

from features.errors import SoundalikeError
from features.profile import UserId
from indexer.axes import Axes, axes_of
from indexer.ports import PersonVector
from retriever.drawing import FIELDS, MAX_POINTS, Drawing, Spot, spots_of
from retriever.errors import Unexpected
from retriever.live import Live
from retriever.opening import Unit
from retriever.repeating import Repeating

_LOOK_EVERY_S = 0.25
_BATCH = 100
"""The engine holds all other threads up while it reads; so many people take it 3 ms."""
_PAUSES = 4.0
"""How long to pause after each batch, as a multiple of what it took: four fifths of the time are the requests'."""

_log = logging.getLogger(__name__)
_Item = TypeVar("_Item")


class Cartographer(Repeating):
    """Draws a version's map once it is live, and again after changes, at most once in ``every_s`` seconds.

    Who is deleted is off the map at once. Thread-safe.
    """

    def __init__(self, live: Live, every_s: float) -> None:
        super().__init__("cartographer", min(_LOOK_EVERY_S, every_s))
        self._live, self._draw_every_s = live, every_s
        self._guard = threading.Lock()
        self._drawing: Drawing | None = None
        self._waiting: list[Future[Drawing]] = []
        self._gone: set[UUID] = set()
        self._fitted: tuple[str, Axes] | None = None
        self._changes, self._not_before = -1, 0.0
        self._trouble: str | None = None

    def drawing(self) -> Future[Drawing]:
        """The map of the live version, now or once it is drawn; raises IndexUnavailable there where it cannot be."""
        found: Future[Drawing] = Future()
        with self._guard:
            current = self._current()
            if current is None:
                self._waiting.append(found)
                return found
        found.set_result(current)
        return found

    def with_people(self, drawing: Drawing, user_ids: Iterable[UserId]) -> Drawing | None:
        """A map with some people as they are now, whoever of them is in the index; None where it is not the live one's.

        Blocking. Raises IndexUnavailable.
        """
        wanted = list(dict.fromkeys(user_ids))
        if not wanted:
            return drawing
        with self._live.lease() as unit:
            if unit.version.name != drawing.version.name:
                return None
            return drawing.joined_by(list(unit.index.get(wanted).values()))

    def forget(self, points: Collection[UUID]) -> None:
        """Take people off the map; to be told once they are out of the index."""
        with self._guard:
            self._gone.update(points)  # who is met while the next map is drawn
            if self._drawing is not None:
                self._drawing = self._drawing.without(points)

    def step(self) -> None:
        """Draw if it is time."""
        changes = self._live.changes
        with self._guard:
            if self._current() is not None and (changes == self._changes or time.monotonic() < self._not_before):
                return
            self._gone.clear()
        try:
            with self._live.lease() as unit:
                drawn = self._draw(unit)
        except SoundalikeError as error:
            self._give_up(error)
            return
        if drawn is None:
            return
        with self._guard:
            self._drawing = drawn.without(self._gone)
            waiting = self._answered() if self._current() is not None else []
            shown = self._drawing
        self._changes, self._not_before, self._trouble = changes, time.monotonic() + self._draw_every_s, None
        _ = shown.etag  # now, and not for whoever asks first
        for each in waiting:
            each.set_result(shown)

    def failed(self, error: Exception) -> None:
        """Let nobody wait for what will not come."""
        super().failed(error)
        self._give_up(Unexpected())

    def _current(self) -> Drawing | None:
        """The map, unless it is of a version that is not live any more."""
        drawing = self._drawing
        return drawing if drawing is not None and drawing.version.name == self._live.version.name else None

    def _answered(self) -> list[Future[Drawing]]:
        waiting, self._waiting = self._waiting, []
        return [each for each in waiting if each.set_running_or_notify_cancel()]

    def _give_up(self, error: SoundalikeError) -> None:
        if self._trouble != str(error):
            _log.warning("the map cannot be drawn: %s", error)
        self._trouble = str(error)
        with self._guard:
            waiting = self._answered()
        for each in waiting:
            each.set_exception(error)

    def _draw(self, unit: Unit) -> Drawing | None:
        """None where it was broken off."""
        batches: list[list[PersonVector]] = []
        walk = islice(unit.index.walk(FIELDS, _BATCH), MAX_POINTS // _BATCH)
        for batch in self._gently(walk):
            batches.append(batch)
            if unit.is_down:  # it has to be let go of, to be mended
                return None
        axes = unit.version.axes or self._axes_for(unit.version.name, batches)
        spots: dict[UUID, Spot] = {}
        for batch in self._gently(batches):
            spots |= spots_of(batch, axes)
        people = max(unit.index.count(), len(spots))
        return None if self.stopping.is_set() else Drawing(unit.version, axes, people, spots)

    def _axes_for(self, name: str, batches: Sequence[Sequence[PersonVector]]) -> Axes | None:
        """Axes for a version that has none, the same ones for as long as it is live here."""
        if self._fitted is None or self._fitted[0] != name:
            fitted = axes_of(np.array([person.vector for batch in batches for person in batch], np.float32))
            self._fitted = None if fitted is None else (name, fitted)
        return None if self._fitted is None else self._fitted[1]

    def _gently(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Give way to others after each of ``items``; ends early where the thread is to stop."""
        began = time.perf_counter()
        for item in items:
            yield item
            if self.stopping.wait(_PAUSES * (time.perf_counter() - began)):
                return
            began = time.perf_counter()
