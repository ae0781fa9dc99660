"""What was asked, and how much of it at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Log:
    """Requests in the order they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: list[tuple[str, str]] = []
        self.most_at_once = 0
        self._under_way = 0

    @contextmanager
    def entered(self, method: str, target: str) -> Iterator[None]:
        """A request, while it is under way."""
        with self._lock:
            self.requests.append((method, target))
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def asked(self, start: str) -> list[tuple[str, str]]:
        """Those whose "METHOD path" begins so."""
        return [each for each in list(self.requests) if " ".join(each).startswith(start)]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self.requests.clear()
            self.most_at_once = self._under_way
