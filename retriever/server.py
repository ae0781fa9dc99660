"""Running the application: uvicorn with one worker, as the embedded index belongs to one process."""

from __future__ import annotations

import logging
import socket

import uvicorn

from features import console
from retriever.app import create_app
from retriever.compose import build
from retriever.errors import AddressTaken
from retriever.settings import RetrieverSettings

_GRACE_S = 15


def serve(settings: RetrieverSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished first.

    Raises:
        AddressTaken: the address cannot be listened on. And what ``compose.build`` raises.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    listener = _listen(settings.host, settings.port)
    parts = build(settings)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    version = parts.service.readiness()
    console.stderr().print(
        f"{version.people:,} people, index {version.index}, model v{version.model_version}: "
        f"http://{shown}:{port}/docs (Ctrl-C stops)",
        highlight=False,
    )
    config = uvicorn.Config(
        create_app(parts),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[listener])


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
