"""The outermost middleware: every request gets an id, one line in the log and its place in the metrics.

It is also the rim for bugs: what nobody else caught is logged once, without its words, and answered with 500.
"""

from __future__ import annotations

import logging
import re
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from retriever.errors import Unexpected
from retriever.observe.metrics import Metrics
from retriever.observe.seen import Seen, begin, method_of, template_of
from retriever.problems import problem_of, respond

REQUEST_ID_HEADER = "X-Request-Id"
NEVER_ANSWERED = 499
"""Stands in log and metrics for the status of a request that was dropped before it was answered."""

_HEADER = REQUEST_ID_HEADER.lower().encode()
# What proxies send: a UUID, or 32 hexadecimal digits. Nothing else is taken over, as it could be somebody's name.
_REQUEST_ID = re.compile(rb"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_log = logging.getLogger("retriever.access")


class Observed:
    """Pure ASGI, around everything else, so that refusals and bugs are seen as well."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        noted = _begun(scope)
        answer = _Answer(send, noted.request_id)
        started = perf_counter()
        self._metrics.begun()
        with bound_contextvars(request_id=noted.request_id):
            bug: Exception | None = None
            try:
                await self._app(scope, receive, answer.send)
            except Exception as error:
                bug = error
                if answer.status is not None:
                    raise
                noted.code = Unexpected.code
                await respond(problem_of(Unexpected(), scope["path"]))(scope, receive, answer.send)
            finally:
                self._tell(scope, noted, answer.status or NEVER_ANSWERED, perf_counter() - started, bug)

    def _tell(self, scope: Scope, noted: Seen, status: int, seconds: float, bug: Exception | None) -> None:
        method, route = method_of(scope), template_of(scope)
        self._metrics.answered(method, route, status, seconds)
        level = _level(method, status, has_bug=bug is not None)
        if not _log.isEnabledFor(level):
            return
        line = {"method": method, "route": route, "status": status, "duration_ms": round(seconds * 1000, 2)}
        known = {"caller": noted.caller, "code": noted.code}
        _log.log(level, "request", exc_info=bug, extra=line | {name: value for name, value in known.items() if value})


class _Answer:
    """The send channel, which adds the request's id to the answer and keeps its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._header = (_HEADER, request_id.encode())
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), self._header]}
        await self._send(message)


def _begun(scope: Scope) -> Seen:
    noted = Seen()
    for name, value in scope["headers"]:
        if name == _HEADER and _REQUEST_ID.fullmatch(value):
            noted.request_id = value.decode()
            break
    begin(scope, noted)
    return noted


def _level(method: str, status: int, *, has_bug: bool) -> int:
    """Questions that were answered are many and tell little; what changed something, or failed, is worth a line."""
    if status >= 500 or has_bug:
        return logging.ERROR
    return logging.DEBUG if status < 400 and method in _READING else logging.INFO
