"""Answers that were given a moment ago, to be given again for as long as nothing has changed: never a stale one.

Whoever looks at a page twice, or many who look at the same one, cost a search only once between two changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from starlette.responses import Response

Key = tuple[str, bytes]
"""A request's path and its query string."""


class RecentAnswers:
    """Answers by what was asked, kept up to ``max_bytes``; belongs to one event loop."""

    def __init__(self, generation: Callable[[], int], max_bytes: int) -> None:
        """``generation`` grows with everything that may change an answer, before that change is acknowledged."""
        self._generation, self._max_bytes = generation, max_bytes
        self._kept: OrderedDict[Key, Response] = OrderedDict()
        self._of = generation()
        self._bytes = 0

    def get(self, key: Key) -> Response | None:
        """The answer to give again, if there is one. The caller leaves it as it is."""
        if self._of != self._generation():
            self._clear()
            return None
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def put(self, key: Key, answer: Response, generation: int) -> None:
        """Keep an answer that was begun in ``generation``; it is dropped at once where that is over."""
        if generation != self._generation() or _bytes(key, answer) > self._max_bytes:
            return
        if (same := self._kept.pop(key, None)) is not None:  # two asked at once
            self._bytes -= _bytes(key, same)
        self._kept[key] = answer
        self._bytes += _bytes(key, answer)
        while self._bytes > self._max_bytes:
            self._bytes -= _bytes(*self._kept.popitem(last=False))

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes, self._of = 0, self._generation()


def _bytes(key: Key, answer: Response) -> int:
    return len(key[0]) + len(key[1]) + len(answer.body)
