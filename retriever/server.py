"""Running the application: uvicorn with one worker, as the embedded index belongs to one process."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Iterator
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from features import console
from features.errors import SoundalikeError
from retriever.app import create_app
from retriever.compose import build
from retriever.errors import AddressTaken
from retriever.handover import patiently
from retriever.heads import PromptHeads
from retriever.observe.logs import configure
from retriever.observe.metrics import Metrics
from retriever.parts import Parts
from retriever.settings import RetrieverSettings

_GRACE_S = 10
_BEGUN_S, _LAST_S = 0.01, 0.25


def serve(settings: RetrieverSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished first.

    Raises:
        AddressTaken: the address cannot be listened on. And what ``compose.build`` raises.
    """
    configure(settings.log_format, settings.log_level, sys.stderr)
    listener = _listen(settings.host, settings.port)
    opening = _Opening(settings, listener)
    # What stands in the way of the opening is told once, by whoever called this, and not with a traceback.
    logging.getLogger("uvicorn.error").addFilter(lambda _record: opening.error is None)
    app = create_app(opening, settings)
    # Uvicorn sends itself the signal once more when all is over; SIGTERM has been obeyed by then.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    try:
        _DrainingServer(config_of(app, settings), app, settings.drain_s).run(sockets=[listener])
    except SystemExit:
        if opening.error is None:
            raise
        raise opening.error from None


def config_of(app: ASGIApp, settings: RetrieverSettings) -> uvicorn.Config:
    """How uvicorn is to serve ``app``: what a request's headers say about where it comes from is not believed."""
    return uvicorn.Config(
        app,
        http=PromptHeads,
        proxy_headers=False,
        log_config=None,
        access_log=False,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=settings.keep_alive_s,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )


class _Opening:
    """Opens the parts when the application starts, and tells where it is to be found."""

    def __init__(self, settings: RetrieverSettings, listener: socket.socket) -> None:
        self._settings, self._listener = settings, listener
        self.error: SoundalikeError | None = None

    def __call__(self, metrics: Metrics) -> Parts:
        try:
            parts = patiently(lambda: build(self._settings, metrics))
        except SoundalikeError as error:
            self.error = error
            raise
        host, port = self._listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        found = parts.statuses.readiness()
        console.stderr().print(
            f"{found.people:,} people, index {found.index}, model v{found.model_version}: "
            f"http://{shown}:{port}/docs (Ctrl-C stops)",
            highlight=False,
        )
        return parts


class _DrainingServer(uvicorn.Server):
    """On SIGTERM it goes on answering for a while, is not ready any more, and ends each connection with its answer.

    A connection that is closed in the moment in which its client sends the next request loses that request; one that
    was told to end does not.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_s: float) -> None:
        super().__init__(config)
        self._app, self._drain_s = app, drain_s
        self._leave_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM begins the draining; Ctrl-C, or a second signal, ends at once, as soon as requests are done."""
        if sig != signal.SIGTERM or self._leave_at is not None or not self.started:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        self._app.state.opened.leaving = True
        self.config.encoded_headers.append((b"connection", b"close"))  # beside every answer, from the next tick on
        self._leave_at = time.monotonic() + self._drain_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody who got through is left without an answer, also not who the kernel let in while we were busy."""
        if self._leave_at is not None:
            loop = asyncio.get_running_loop()
            for listener in sockets or ():
                loop.remove_reader(listener)
            await asyncio.sleep(_BEGUN_S)  # asyncio loses whom it has accepted and not begun with when it closes
            last = [connection for listener in sockets or () for connection in _waiting_in(listener)]
            for server in self.servers:
                server.close()
            for connection in last:
                await loop.connect_accepted_socket(self._protocol, connection)
            await asyncio.sleep(_LAST_S)  # for their requests to come in: a connection without one is closed below
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return PromptHeads(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; whether to stop."""
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self.should_exit = True
        # The first of ten refreshes the headers beside every answer.
        return await super().on_tick(counter if self._leave_at is None else 0)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection; without it an answer's head and body wait 40 ms for each other.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressTaken(
            f"Cannot listen on {host}:{port}: {reason}.", "Give another one with --host and --port."
        ) from error
    return listener


def _waiting_in(listener: socket.socket) -> Iterator[socket.socket]:
    """Connections that nobody has accepted yet; closing the listener would reset them."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # there is none any more
            return
        connection.setblocking(False)
        yield connection
