"""Where the library ``limits`` keeps who asked when: in memory, bounded, whoever asks from however many addresses.

The library's own memory storage keeps every address that it ever saw, and looks through all of them in a new thread
a hundred times a second. This one forgets those first who have not asked for longest.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from limits.storage import MovingWindowSupport, Storage


@dataclass(slots=True)
class _Window:
    seconds: int
    times: list[float] = field(default_factory=list)


class BoundedMemory(Storage, MovingWindowSupport):
    """Storage of moving windows, and of nothing else; holds at most ``max_times`` times of requests (about 400 B each).

    Whoever fills it from very many addresses makes it forget others, who may then ask more than they should; it never
    refuses anybody for what others did.
    """

    STORAGE_SCHEME = None

    def __init__(self, max_times: int = 100_000, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.clock = clock
        self._max_times = max_times
        self._held = 0
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def held(self) -> int:
        """Number of times that are held."""
        return self._held

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Note ``amount`` requests now, unless that makes more than ``limit`` within ``expiry`` seconds."""
        now = self.clock()
        with self._guard:
            self._make_room(now)
            window = self._windows.setdefault(key, _Window(expiry))
            self._windows.move_to_end(key)
            self._drop_old(window, now)
            if len(window.times) + amount > limit:
                return False
            window.times += [now] * amount
            self._held += amount
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the library's
        """When the oldest request within ``expiry`` seconds came, and how many did."""
        now = self.clock()
        with self._guard:
            window = self._windows.get(key)
            if window is None:
                return now, 0
            self._drop_old(window, now)
            return (window.times[0] if window.times else now), len(window.times)

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._guard:
            window = self._windows.pop(key, None)
            self._held -= 0 if window is None else len(window.times)

    def reset(self) -> int:
        """Forget all; returns how many they were."""
        with self._guard:
            forgotten = len(self._windows)
            self._windows.clear()
            self._held = 0
            return forgotten

    def check(self) -> bool:
        """Memory is always there."""
        return True

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Nothing goes wrong here."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Fixed windows are not kept here."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Fixed windows are not kept here."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Fixed windows are not kept here."""
        raise NotImplementedError

    def _drop_old(self, window: _Window, now: float) -> None:
        old = bisect_right(window.times, now - window.seconds)
        if old:
            del window.times[:old]
            self._held -= old

    def _make_room(self, now: float) -> None:
        """Forget who asked longest ago: whose window is over, and whoever is too many."""
        while self._windows:
            oldest = next(iter(self._windows.values()))
            is_over = not oldest.times or oldest.times[-1] <= now - oldest.seconds
            if not is_over and self._held < self._max_times:
                return
            self._windows.popitem(last=False)
            self._held -= len(oldest.times)
