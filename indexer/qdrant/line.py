"""The line to a Qdrant server, on which every call has a deadline by the clock.

The service that asks is blocking and has many threads; the client is asynchronous, so a call that takes too long is
broken off and leaves neither a thread nor a connection behind. HTTP's own time-outs would count each read anew.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

import httpx
from qdrant_client import AsyncQdrantClient

from indexer.errors import IndexRefused, IndexUnavailable
from indexer.qdrant.connecting import Clients, connect
from indexer.qdrant.loop import Loop
from indexer.qdrant.settings import QdrantSettings
from indexer.qdrant.trouble import Passing, too_late, trouble_of

OLDEST = (1, 19)
"""The first version of the server that has all that is asked of it: conditional writes, tiers of memory."""
_GRACE_S = 5.0  # on top of a deadline, for a loop that is behind
_MOST_TOKENS, _EARNED = 10.0, 0.1  # so all retries together are a tenth of all calls, and ten where all fail

Answer = TypeVar("Answer")
Call = Callable[[AsyncQdrantClient], Awaitable[Answer]]


class Line:
    """Asks a server; connects when it is first asked, never across a fork. Thread-safe.

    All that is asked may be asked twice with no harm, since a connection that was cut is tried once more.
    """

    def __init__(self, settings: QdrantSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``transport`` is in place of the network, for tests."""
        self.settings = settings
        self._transport = transport
        self._loop = Loop()
        self._clients: Clients | None = None
        self._is_known = False
        self._tokens = _MOST_TOKENS

    @property
    def may_write(self) -> bool:
        """Whether there is a key to write with, or none is needed."""
        return self.settings.qdrant_api_key is not None or self.settings.qdrant_read_only_api_key is None

    def read(self, doing: str, call: Call[Answer], *, within_s: float | None = None) -> Answer:
        """Ask something that changes nothing; ``doing`` begins the sentence that tells of a failure.

        Raises:
            IndexUnavailable: there was no answer within ``within_s`` (a search's time if not given), or it was a no.
        """
        seconds = self.settings.qdrant_search_timeout_s if within_s is None else within_s
        return self._wait(self.reading(doing, call, within_s=seconds), seconds, doing)

    def write(self, doing: str, call: Call[Answer], *, within_s: float | None = None) -> Answer:
        """Change something, harmless to repeat; raises as :meth:`read` does, after a write's time if not given."""
        seconds = self.settings.qdrant_write_timeout_s if within_s is None else within_s
        return self._wait(self.writing(doing, call, within_s=seconds), seconds, doing)

    async def reading(self, doing: str, call: Call[Answer], *, within_s: float) -> Answer:
        """:meth:`read`, on the loop."""
        return await self._in_time(doing, call, self._opened().reading, within_s)

    async def writing(self, doing: str, call: Call[Answer], *, within_s: float) -> Answer:
        """:meth:`write`, on the loop."""
        if not self.may_write:
            raise IndexRefused(f"{doing}: there is a key to read with only.", "Set SOUNDALIKE_QDRANT_API_KEY.")
        return await self._in_time(doing, call, self._opened().writing, within_s)

    def start(self, work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        """Do something on the loop. Raises IndexUnavailable once the line is closed."""
        return self._loop.start(work)

    def close(self) -> None:
        """Break off what is under way and let go of all connections, once."""
        self._loop.close(self._disconnect())

    async def _disconnect(self) -> None:
        if self._clients is not None:
            await self._clients.close()

    def _wait(self, work: Coroutine[Any, Any, Answer], seconds: float, doing: str) -> Answer:
        answer = self.start(work)
        try:
            return answer.result(seconds + _GRACE_S)
        except TimeoutError:
            raise too_late(doing, seconds) from None
        except CancelledError:
            raise IndexUnavailable(f"{doing}: the connection was closed meanwhile.") from None
        finally:
            answer.cancel()  # does nothing to one that is done

    def _opened(self) -> Clients:
        if self._clients is None:
            self._clients = connect(self.settings, self._transport)
        return self._clients

    async def _in_time(self, doing: str, call: Call[Answer], client: AsyncQdrantClient, within_s: float) -> Answer:
        try:
            async with asyncio.timeout(within_s):
                try:
                    return await self._asked(doing, call, client)
                except Passing as trouble:
                    if not trouble.was_cut or self._tokens < 1:
                        raise
                    self._tokens -= 1
                    return await self._asked(doing, call, client)
        except TimeoutError:
            raise too_late(doing, within_s) from None

    async def _asked(self, doing: str, call: Call[Answer], client: AsyncQdrantClient) -> Answer:
        try:
            if not self._is_known:
                _must_be_known((await client.info()).version)
                self._is_known = True
            answer = await call(client)
        except (TimeoutError, IndexUnavailable):
            raise
        except Exception as error:  # whatever a client of two protocols raises
            raise trouble_of(doing, error) from error
        self._tokens = min(self._tokens + _EARNED, _MOST_TOKENS)
        return answer


def _must_be_known(version: str) -> None:
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise IndexUnavailable(f"The Qdrant server is of version {version}.", f"At least {oldest} is needed.")
