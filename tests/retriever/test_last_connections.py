"""Whoever got through to a server that was told to stop is answered, also who is let in by the kernel only."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

from retriever import server
from retriever.settings import RetrieverSettings

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def an_app() -> FastAPI:
    app = FastAPI()
    app.state.opened = SimpleNamespace(leaving=False)
    app.get("/")(lambda: "hello")
    return app


async def told_to_stop(listener: socket.socket) -> list[bytes]:
    """What clients are answered whose connections nobody has accepted when the listener is closed."""
    app = an_app()
    config = server.config_of(app, RetrieverSettings(_env_file=None))
    config.load()
    serving = server._DrainingServer(config, app, 0)
    serving.lifespan = config.lifespan_class(config)
    await serving.startup(sockets=[listener])
    serving.handle_exit(signal.SIGTERM, None)
    # From here to the shutdown nothing else runs, so the connections wait in the listener.
    clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
    for client in clients:
        client.sendall(REQUEST)
    await serving.shutdown([listener])
    return [_answer(client) for client in clients]


def _answer(client: socket.socket) -> bytes:
    with client:
        client.settimeout(10)
        try:
            return client.recv(1000)
        except ConnectionResetError:
            return b""


def a_listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_connections_that_wait_in_the_listener_are_answered():
    answers = asyncio.run(told_to_stop(a_listener()))
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3


@pytest.mark.parametrize("waiting", [0, 3])
def test_all_that_wait_are_taken_and_none_is_waited_for(waiting: int):
    with a_listener() as listener:
        listener.setblocking(False)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(waiting)]
        taken = list(server._waiting_in(listener))
    assert len(taken) == waiting
    for each in (*clients, *taken):
        each.close()
