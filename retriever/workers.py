"""Blocking work off the event loop: few threads, few who may wait for them, and none of them for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from retriever.errors import Overloaded
from retriever.given_up import a_request

_Answer = TypeVar("_Answer")


class Workers:
    """Runs work in ``threads`` threads; lets ``most_at_once`` requests in, each for ``deadline_s`` seconds."""

    def __init__(self, *, threads: int, most_at_once: int, deadline_s: float) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._most_at_once, self._deadline_s = most_at_once, deadline_s
        self._inside = 0

    async def run(self, work: Callable[[], _Answer]) -> _Answer:
        """Do blocking work in a thread; given up, it goes on there up to its first write, and its answer is dropped."""
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)

    async def admit(self, work: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Do a whole request's work.

        Raises:
            Overloaded: too many requests are inside, or this one took too long.
        """
        if self._inside >= self._most_at_once:
            raise Overloaded(f"{self._inside} requests are being worked on already.")
        self._inside += 1
        try:
            with anyio.fail_after(self._deadline_s), a_request():
                return await work()
        except TimeoutError:
            raise Overloaded(f"There was no answer within {self._deadline_s:g} s.") from None
        finally:
            self._inside -= 1
