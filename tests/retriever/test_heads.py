"""Connections of a real server: those that ask nothing are closed, whoever asks slowly is not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from retriever.heads import PromptHeads
from retriever.server import config_of
from tests.small_world import SETTINGS
from tests.waiting import until

HEAD_WITHIN_S = 0.4
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n"


class InAHurry(PromptHeads):
    head_within_s = rest_within_s = HEAD_WITHIN_S


class Patient(PromptHeads):
    head_within_s = HEAD_WITHIN_S


class Unhurried(PromptHeads):
    head_within_s = 60


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the client and the body; to /at-once without waiting for the body."""
    request = Request(scope, receive)
    body = b"" if request.url.path == "/at-once" else await request.body()
    assert request.client is not None
    await JSONResponse({"from": request.client.host, "body": body.decode()})(scope, receive, send)


@contextmanager
def serving(config: uvicorn.Config) -> Iterator[int]:
    """A server in a thread; its port."""
    config.port, config.lifespan = 0, "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = config_of(app, SETTINGS)
    assert config.http is PromptHeads
    config.http = InAHurry
    with serving(config) as port:
        yield port


@contextmanager
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as found:
        yield found


def drip(found: socket.socket, content: bytes, *, within: float) -> None:
    """Send ``content`` byte by byte."""
    for letter in content:
        found.sendall(bytes([letter]))
        time.sleep(within / len(content))


def is_closed_while_it_drips(found: socket.socket) -> bool:
    """Whether the server ends a connection that says a byte now and then."""
    for _ in range(200):
        try:
            found.sendall(b"x")
            found.settimeout(0.05)
            if not found.recv(1000):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def answer(found: socket.socket) -> bytes:
    """All of the next answer."""
    came = b""
    while not came.endswith(b"}"):
        more = found.recv(1000)
        assert more, "the server closed the connection"
        came += more
    return came


def test_a_silent_connection_is_closed_in_time(port: int) -> None:
    began = time.monotonic()
    with connection(port) as found:
        found.settimeout(60)

        assert found.recv(1) == b""
        assert time.monotonic() - began > HEAD_WITHIN_S * 0.9


def test_a_head_that_drips_does_not_hold_its_connection(port: int) -> None:
    with connection(port) as found:
        found.sendall(b"GET / HTTP/1.1\r\nHost: ")

        assert is_closed_while_it_drips(found)


def test_the_head_of_a_later_request_has_as_long(port: int) -> None:
    with connection(port) as found:
        found.sendall(HEAD)
        answer(found)
        found.sendall(b"GET / HTTP/1.1\r\nHost: ")

        assert is_closed_while_it_drips(found)


def test_the_rest_of_a_body_that_was_answered_without_it_does_not_hold_its_connection(port: int) -> None:
    with connection(port) as found:
        found.sendall(POST.replace(b"12", b"1000") % b"/at-once")
        assert answer(found).startswith(b"HTTP/1.1 200")

        assert is_closed_while_it_drips(found)


def test_such_a_rest_may_take_longer_than_a_head() -> None:
    config = config_of(app, SETTINGS)
    config.http = Patient
    with serving(config) as port, connection(port) as found:
        found.sendall(POST % b"/at-once")
        answer(found)
        drip(found, b"slow, steady", within=HEAD_WITHIN_S * 2)
        found.sendall(HEAD)

        assert answer(found).startswith(b"HTTP/1.1 200")


def test_a_slow_head_that_is_whole_in_time_is_answered() -> None:
    config = config_of(app, SETTINGS)
    config.http = Unhurried
    with serving(config) as port, connection(port) as found:
        drip(found, HEAD, within=HEAD_WITHIN_S / 2)

        assert answer(found).startswith(b"HTTP/1.1 200")


def test_a_body_may_take_longer_than_a_head(port: int) -> None:
    with connection(port) as found:
        found.sendall(POST % b"/")
        drip(found, b"slow, steady", within=HEAD_WITHIN_S * 2)

        assert b"slow, steady" in answer(found)


def test_a_connection_may_be_idle_between_requests(port: int) -> None:
    with connection(port) as found:
        for _ in range(3):
            found.sendall(HEAD)
            assert answer(found).startswith(b"HTTP/1.1 200")
            time.sleep(HEAD_WITHIN_S * 1.5)


def test_an_idle_connection_outlives_its_other_end_which_would_lose_what_it_sends_while_it_is_closed() -> None:
    load_balancers = 60

    assert config_of(app, SETTINGS).timeout_keep_alive > max(load_balancers, httpx.Limits().keepalive_expiry or 0)


def test_a_connection_that_is_idle_for_longer_than_was_set_is_closed() -> None:
    with serving(config_of(app, SETTINGS.model_copy(update={"keep_alive_s": 1}))) as port, connection(port) as found:
        found.sendall(HEAD)
        assert answer(found).startswith(b"HTTP/1.1 200")

        assert found.recv(1) == b""


def test_requests_that_come_together_are_answered_one_after_another(port: int) -> None:
    with connection(port) as found:
        found.sendall(HEAD + HEAD + HEAD[:10])
        answers = answer(found)
        while answers.count(b"200 OK") < 2:
            answers += answer(found)
        found.sendall(HEAD[10:])

        assert answer(found).startswith(b"HTTP/1.1 200")


def test_a_request_on_one_connection_too_many_is_told_when_to_come_back() -> None:
    with serving(config_of(app, SETTINGS.model_copy(update={"max_connections": 2}))) as port, connection(port):
        url = f"http://127.0.0.1:{port}/"

        refused = httpx.get(url)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.headers["connection"]) == ("overloaded", "close")


def test_what_a_header_says_about_where_a_request_comes_from_is_not_believed(port: int) -> None:
    headers = {"X-Forwarded-For": "10.0.0.7", "Forwarded": "for=10.0.0.7"}

    assert httpx.get(f"http://127.0.0.1:{port}/", headers=headers).json()["from"] == "127.0.0.1"


def test_a_connection_that_was_just_made_when_the_server_is_told_to_end_is_still_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("retriever.heads.FIRST_WITHIN_S", 60)
    config = config_of(app, SETTINGS)
    config.port, config.lifespan = 0, "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    with connection(server.servers[0].sockets[0].getsockname()[1]) as found:
        until(lambda: server.server_state.connections)
        server.should_exit = True
        until(lambda: not server.servers[0].is_serving())
        found.sendall(HEAD)

        assert b'"body":""' in answer(found)
    thread.join(60)
    assert not thread.is_alive()
