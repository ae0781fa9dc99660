import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from retriever.limits import BodyLimit

SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/profiles", "headers": []}


async def echo(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Answers with the length of the body, or gives up as frameworks do where the client hangs up."""
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


def sent_for(
    *pieces: tuple[float, bytes], max_body_s: float = 60, headers: tuple[Any, ...] = (), app: Any = echo
) -> list[Any]:
    """What is sent for a body that comes in ``pieces``, each after some seconds."""
    sent: list[Any] = []

    async def coming() -> AsyncIterator[dict[str, Any]]:
        for number, (seconds, piece) in enumerate(pieces, 1):
            await asyncio.sleep(seconds)
            yield {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        await asyncio.sleep(3600)

    async def run() -> None:
        messages = coming()

        async def send(message: Any) -> None:
            sent.append(message)

        limited = BodyLimit(app, max_body_bytes=10, max_body_s=max_body_s)
        await limited({**SCOPE, "headers": [*headers]}, messages.__anext__, send)

    asyncio.run(run())
    return sent


def asked(*pieces: tuple[float, bytes], max_body_s: float = 60, headers: tuple[Any, ...] = ()) -> tuple[int, bytes]:
    sent = sent_for(*pieces, max_body_s=max_body_s, headers=headers)
    return sent[0]["status"], sent[1]["body"]


def test_a_body_within_the_limits_passes() -> None:
    assert asked((0, b"12345"), (0, b"67890")) == (200, b"10")
    assert asked((0, b"")) == (200, b"0")


@pytest.mark.parametrize(
    ("pieces", "headers"),
    [(((0, b"12345"), (0, b"678901")), ()), (((0, b""),), ((b"content-length", b"11"),))],
)
def test_a_body_beyond_the_limit_is_refused(pieces: tuple[tuple[float, bytes], ...], headers: tuple[Any, ...]) -> None:
    status, body = asked(*pieces, headers=headers)

    assert (status, json.loads(body)["code"]) == (413, "body-too-large")


def test_a_connection_whose_body_was_refused_is_not_used_again() -> None:
    for sent in (sent_for((0, b"12345678901")), sent_for((0, b""), headers=((b"content-length", b"11"),))):
        assert (b"connection", b"close") in sent[0]["headers"]


def test_a_framework_that_answers_a_broken_body_itself_is_not_heard() -> None:
    async def outspoken(scope: Any, receive: Any, send: Any) -> None:
        await echo(scope, receive, send)
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"ClientDisconnect"})

    sent = sent_for((0, b"12345678901"), app=outspoken)

    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [413]
    assert len(sent) == 2


def test_a_body_that_drips_is_refused_though_each_drop_comes_in_time() -> None:
    status, body = asked(*[(0.06, b"1")] * 9, max_body_s=0.2)

    assert (status, json.loads(body)["code"]) == (408, "body-too-slow")


def test_an_answer_may_take_longer_than_the_body_may() -> None:
    async def thoughtful(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.1)  # listening whether the client hangs up
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent: list[Any] = []

    async def run() -> None:
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            found = next(messages, None)
            return found if found else await asyncio.sleep(3600)

        async def send(message: Any) -> None:
            sent.append(message)

        await BodyLimit(thoughtful, max_body_bytes=10, max_body_s=0.01)(SCOPE, receive, send)

    asyncio.run(run())
    assert [message["status"] for message in sent] == [200]
