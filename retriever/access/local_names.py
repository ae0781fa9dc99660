"""Who asks a server without keys has to call it by a local name: against DNS rebinding.

A website that somebody visits can point its own name at 127.0.0.1, and the browser then takes the server on this
computer for a part of that website. Its requests still bear the website's name in their ``Host`` header.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from retriever.access.policy import is_loopback
from retriever.access.refusals import OnRefusal, Refused
from retriever.errors import StrangeHost

_LOCAL = frozenset({b"127.0.0.1", b"localhost", b"::1"})  # nearly always; parsing an address takes longer


class LocalNames:
    """Pure ASGI; answers 421 to what is asked under another name than localhost, a loopback address or ``names``."""

    def __init__(self, app: ASGIApp, names: Collection[str], on_refusal: OnRefusal) -> None:
        self._app, self._on_refusal = app, on_refusal
        self._names = frozenset(name.lower().encode() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or self._is_local(_host_of(scope)):
            await self._app(scope, receive, send)
            return
        self._on_refusal("host")
        await Refused("host", StrangeHost(), {"connection": "close"}).answer(scope, receive, send)

    def _is_local(self, host: bytes) -> bool:
        return host in _LOCAL or host in self._names or is_loopback(host.decode("latin-1"))


def _host_of(scope: Scope) -> bytes:
    """The name, or the address without brackets, that a request was sent to; empty where it does not say."""
    host: bytes = next((value for name, value in scope["headers"] if name == b"host"), b"").lower()
    if host.startswith(b"["):
        return host[1:].partition(b"]")[0]
    return host.partition(b":")[0]
