"""Answers that may have to be given again: in memory only, as they are personal, and only so many of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

REPLAYED_HEADER = "Idempotency-Replayed"

_OVERHEAD_BYTES = 1000
"""What an answer takes beside its body, roughly."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer and the request that it answers."""

    request: bytes
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    at: datetime

    @staticmethod
    def of(response: Response, request: bytes, at: datetime) -> Kept:
        """What is kept of ``response``, which is not streamed."""
        return Kept(request, response.status_code, tuple(response.raw_headers), bytes(response.body), at)

    def again(self) -> Response:
        """The same answer once more, marked as such."""
        response = Response(self.body, self.status)
        response.raw_headers = [*self.headers, (REPLAYED_HEADER.lower().encode(), b"true")]
        return response

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        return len(self.body) + _OVERHEAD_BYTES


class KeptAnswers:
    """The youngest answers, up to a number of bytes and an age; for several threads."""

    def __init__(self, max_bytes: int, ttl: timedelta, clock: Callable[[], datetime]) -> None:
        self._max_bytes, self._ttl, self._clock = max_bytes, ttl, clock
        self._answers: OrderedDict[bytes, Kept] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()

    def get(self, key: bytes) -> Kept | None:
        """The answer to the request of ``key``."""
        with self._guard:
            self._drop_old()
            return self._answers.get(key)

    def put(self, key: bytes, answer: Kept) -> None:
        """Keep an answer; the oldest ones make room for it. One that is too large by itself is not kept."""
        with self._guard:
            self._drop(key)
            if answer.size <= self._max_bytes:
                self._answers[key] = answer
                self._bytes += answer.size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._answers)))

    def clear(self) -> None:
        """Keep nothing of all that."""
        with self._guard:
            self._answers.clear()
            self._bytes = 0

    def _drop_old(self) -> None:
        too_old = self._clock() - self._ttl
        while self._answers and next(iter(self._answers.values())).at <= too_old:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: bytes) -> None:
        answer = self._answers.pop(key, None)
        self._bytes -= 0 if answer is None else answer.size
