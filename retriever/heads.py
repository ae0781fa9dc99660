"""HTTP/1.1 connections as uvicorn has them, with an end to those that ask nothing and a document for those too many.

Uvicorn itself waits for ever for the first request of a connection, and for one whose bytes go on coming.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, ClassVar

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from retriever.errors import Overloaded
from retriever.problems import problem_of, respond

HEAD_WITHIN_S = 10.0
"""Seconds that the head of a request may take, from the connection's beginning or from the head's first bytes."""
REST_WITHIN_S = 30.0
"""Seconds that the rest of a body may take after its request was answered."""
FIRST_WITHIN_S = 0.5
"""Seconds that a connection without any request stays open after the server was told to end."""
_RETRY_AFTER_S = 1
_IN_WORK = frozenset({h11.SEND_RESPONSE, h11.SEND_BODY})


class PromptHeads(H11Protocol):
    """A connection that is closed where no whole request comes in time.

    Between an answer and the first bytes of the next request uvicorn's own keep-alive counts; from a request to its
    answer, the application's limits.
    """

    head_within_s: ClassVar[float] = HEAD_WITHIN_S
    rest_within_s: ClassVar[float] = REST_WITHIN_S

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever uvicorn makes connections with
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        # Uvicorn would refuse by itself, in plain text and without saying when to come back.
        self._most_at_once, self.limit_concurrency = self.limit_concurrency, None
        self._application, self.app = self.app, self._answer_or_refuse

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Time begins."""
        super().connection_made(transport)
        self._end_in(self.head_within_s)

    def data_received(self, data: bytes) -> None:
        """Time ends with a whole head, and begins with the first bytes of another one."""
        super().data_received(data)
        if self.conn.our_state in _IN_WORK:
            self._go_on()
        elif self._deadline is None:
            self._end_in(self.head_within_s if self.conn.their_state is h11.IDLE else self.rest_within_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to wait for."""
        self._go_on()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends; a connection that has only just been made may have its first request on the way."""
        if self.cycle is None and not self.transport.is_closing():
            self.loop.call_later(FIRST_WITHIN_S, self._shut_down)
        else:
            super().shutdown()

    def _shut_down(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    def _end_in(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _go_on(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _answer_or_refuse(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if not self._is_one_too_many():
            return self._application(scope, receive, send)
        self.logger.warning("more connections than %s", self._most_at_once)
        refusal = problem_of(Overloaded("The server has as many connections as it may have."), scope["path"])
        return respond(refusal, {"retry-after": str(_RETRY_AFTER_S), "connection": "close"})(scope, receive, send)

    def _is_one_too_many(self) -> bool:
        most = self._most_at_once
        return most is not None and (len(self.connections) >= most or len(self.tasks) > most)
