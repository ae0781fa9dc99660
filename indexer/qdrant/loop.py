"""An event loop in a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from indexer.errors import IndexUnavailable

_END_WITHIN_S = 5.0

Answer = TypeVar("Answer")


class Loop:
    """Runs coroutines for other threads; its own begins with the first of them, so nothing is carried over a fork."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def start(self, work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        """Begin to do something. Raises IndexUnavailable after :meth:`close`."""
        with self._guard:
            if self._is_closed:
                work.close()
                raise IndexUnavailable("The connection to the index is closed.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="qdrant", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Break off all that is under way, do what is ``last``, and end; once."""
        with self._guard:
            self._is_closed, loop, self._loop = True, self._loop, None
        if loop is None or self._thread is None:
            last.close()
            return
        asyncio.run_coroutine_threadsafe(_end(last), loop).result(_END_WITHIN_S)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_END_WITHIN_S)
        loop.close()


async def _end(last: Coroutine[Any, Any, None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last
