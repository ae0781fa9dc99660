"""How much a request may bring, and how slowly: a pure ASGI middleware that looks at a body as it comes in."""

from __future__ import annotations

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.errors import SoundalikeError
from retriever.errors import BodyTooLarge, BodyTooSlow
from retriever.problems import problem_of, respond


class BodyLimit:
    """Answers 413 to a body beyond the limit, before reading it where its length is told; 408 to one that takes long.

    The error is not left to the application, since a framework may take what its reader raises for a broken body.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, max_body_s: float) -> None:
        self._app = app
        self._max_body_bytes, self._max_body_s = max_body_bytes, max_body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        too_large = BodyTooLarge(self._max_body_bytes)
        if _announced_bytes(scope) > self._max_body_bytes:
            await _refusal(too_large, scope)(scope, receive, send)
            return
        body = _Watched(receive, too_large, BodyTooSlow(self._max_body_s))

        async def send_unless_refused(message: Message) -> None:
            if body.error is None:
                await send(message)

        try:
            await self._app(scope, body.receive, send_unless_refused)
        finally:
            if body.error is not None:
                await _refusal(body.error, scope)(scope, receive, send)


class _Watched:
    """A receive channel that ends, as if the client had hung up, where the body grows too large or comes too slowly."""

    def __init__(self, receive: Receive, too_large: BodyTooLarge, too_slow: BodyTooSlow) -> None:
        self._receive, self._too_large, self._too_slow = receive, too_large, too_slow
        self._left = too_large.max_body_bytes
        self._until = anyio.current_time() + too_slow.max_body_s
        self._is_whole = False
        self.error: SoundalikeError | None = None

    async def receive(self) -> Message:
        if self._is_whole:  # what comes now is the news that the client hung up, however long that takes
            return await self._receive()
        try:
            with anyio.fail_after(max(self._until - anyio.current_time(), 0)):
                message = await self._receive()
        except TimeoutError:
            self.error = self._too_slow
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
        if self._left < 0:
            self.error = self._too_large
            return {"type": "http.disconnect"}
        return message


def _refusal(error: SoundalikeError, scope: Scope) -> Response:
    return respond(problem_of(error, scope["path"]), {"connection": "close"})


def _announced_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
