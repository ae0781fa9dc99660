"""Work to be done once, however often it is asked for, and ways to ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from features.profile import UserId
from retriever.access.idempotency import Done, Idempotent
from retriever.access.request_key import RequestKey

KEY = RequestKey("web", "k1")
TTL = timedelta(hours=24)
ANN, BOB = UserId("ann"), UserId("bob")


class Work:
    """Counts how often it is done; each time gives another body."""

    def __init__(self, status: int = 200, people: tuple[UserId, ...] = (), size: int = 0) -> None:
        self.times = 0
        self._status, self._people, self._size = status, people, size

    async def __call__(self) -> Done:
        self.times += 1
        body = f"answer {self.times}".encode().ljust(self._size)
        return Done(Response(body, self._status, {"ETag": f'"{self.times}"'}), self._people)


class Held(Work):
    """Waits until it is let go."""

    def __init__(self, people: tuple[UserId, ...] = ()) -> None:
        super().__init__(people=people)
        self.begun, self.let_go = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> Done:
        self.begun.set()
        await self.let_go.wait()
        return await super().__call__()


def ask(idempotent: Idempotent, work: Any, request: bytes = b"r", key: RequestKey | None = KEY) -> Response:
    return asyncio.run(idempotent.run(key, request, work))


def together(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scenario())
