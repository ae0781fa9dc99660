"""How much a request may bring: a pure ASGI middleware that counts a body's bytes as they come in."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retriever.errors import BodyTooLarge
from retriever.problems import problem_of, respond


class BodyLimit:
    """Answers 413 to a body beyond the limit: before reading it where its length is told, else while reading it.

    The error is not left to the application, since a framework may take what its reader raises for a broken body.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        refusal = respond(problem_of(BodyTooLarge(self._max_body_bytes), scope["path"]), {"connection": "close"})
        if _announced_bytes(scope) > self._max_body_bytes:
            await refusal(scope, receive, send)
            return
        counted = _Counted(receive, self._max_body_bytes)

        async def send_unless_too_large(message: Message) -> None:
            if not counted.is_too_large:
                await send(message)

        try:
            await self._app(scope, counted.receive, send_unless_too_large)
        finally:
            if counted.is_too_large:
                await refusal(scope, receive, send)


class _Counted:
    """A receive channel that ends, as if the client had hung up, where the body grows beyond the limit."""

    def __init__(self, receive: Receive, max_body_bytes: int) -> None:
        self._receive = receive
        self._left = max_body_bytes

    @property
    def is_too_large(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


def _announced_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
