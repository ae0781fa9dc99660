import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio.to_thread
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from features.errors import UnknownUser
from retriever import problems
from retriever.observe.metrics import Metrics
from retriever.observe.observed import Observed
from retriever.observe.seen import seen
from tests.retriever.observe.logbook import Logbook, a_logbook
from tests.retriever.observe.scrape import samples

UUID = "0b6a6f7d-3c11-4c1e-9c2c-6f0c9ad63a0e"
SECRETS = ("ann-of-green-gables", "soundalike_s3cr3t", "Nick Drake", "private-query")

_log = logging.getLogger("retriever.toy")


def a_toy(metrics: Metrics) -> FastAPI:
    app = FastAPI()
    router = APIRouter()

    @router.get("/v1/users/{user_id}")
    async def person(user_id: str) -> Response:
        return Response(b"{}")

    @router.post("/v1/users/{user_id}")
    async def change(user_id: str, request: Request) -> Response:
        await anyio.to_thread.run_sync(lambda: _log.info("in a worker"))
        seen(request.scope).caller = "app (1a2b3c4d)"
        return Response(status_code=204)

    @router.get("/v1/users/{user_id}/bug")
    def bug(user_id: str, request: Request) -> Response:
        profile = {"user_id": user_id, "artist": "Nick Drake"}
        raise KeyError(profile, dict(request.headers), str(request.url))

    @router.post("/v1/users/{user_id}/broken")
    async def broken(user_id: str, request: Request) -> int:
        return int(await request.body())

    @router.get("/v1/users/{user_id}/unknown")
    async def unknown(user_id: str, request: Request) -> Response:
        seen(request.scope).code = "unknown-user"
        raise UnknownUser(f"Nobody is called {user_id!r}.")

    @router.get("/v1/users/{user_id}/status/{status}")
    async def answered(user_id: str, status: int) -> Response:
        return Response(status_code=status)

    @router.get("/v1/users/{user_id}/half")
    async def half(user_id: str) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"x"
            raise ValueError(user_id)

        return StreamingResponse(body())

    problems.install(app)
    app.include_router(router)
    app.add_middleware(Observed, metrics=metrics)
    return app


@pytest.fixture
def book() -> Iterator[Logbook]:
    with a_logbook() as book:
        yield book


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def api(metrics: Metrics) -> Iterator[TestClient]:
    with TestClient(a_toy(metrics), raise_server_exceptions=False) as client:
        yield client


def requests_of(book: Logbook) -> list[dict[str, Any]]:
    return [line for line in book.lines if line["event"] == "request"]


def test_a_request_is_one_line_with_its_route_and_never_its_path(api: TestClient, book: Logbook) -> None:
    answer = api.post("/v1/users/ann")

    (line,) = requests_of(book)
    assert line["duration_ms"] >= 0
    assert {name: line[name] for name in ("level", "method", "route", "status", "request_id", "caller")} == {
        "level": "info", "method": "POST", "route": "/v1/users/{user_id}", "status": 204,
        "request_id": answer.headers["x-request-id"], "caller": "app (1a2b3c4d)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "level"),
    [
        ("GET", "/v1/users/ann", "debug"),
        ("POST", "/v1/users/ann", "info"),
        ("GET", "/v1/users/ann/unknown", "info"),
        ("GET", "/nowhere", "info"),
        ("GET", "/v1/users/ann/bug", "error"),
        ("GET", "/v1/users/ann/status/304", "debug"),
        ("GET", "/v1/users/ann/status/400", "info"),
        ("GET", "/v1/users/ann/status/500", "error"),
        ("GET", "/v1/users/ann/status/503", "error"),
    ],
)
def test_questions_that_were_answered_are_quiet_and_failures_of_the_server_loud(
    api: TestClient, book: Logbook, method: str, path: str, level: str
) -> None:
    api.request(method, path)

    assert requests_of(book)[0]["level"] == level


def test_the_code_of_an_error_stands_on_its_line(api: TestClient, book: Logbook) -> None:
    api.get("/v1/users/ann/unknown")
    api.get("/v1/users/ann/bug")

    assert [line["code"] for line in requests_of(book)] == ["unknown-user", "internal-server-error"]


def test_every_line_of_a_request_has_its_id_also_from_a_worker_thread(api: TestClient, book: Logbook) -> None:
    answer = api.post("/v1/users/ann")
    logging.getLogger("retriever.toy").info("outside")

    inside, line, outside = book.lines
    assert inside["event"] == "in a worker"
    assert inside["request_id"] == line["request_id"] == answer.headers["x-request-id"]
    assert "request_id" not in outside


def test_a_request_id_in_the_form_of_a_uuid_is_taken_over_and_echoed(api: TestClient, book: Logbook) -> None:
    for given in (UUID, UUID.replace("-", ""), UUID.upper()):
        assert api.get("/v1/users/ann", headers={"X-Request-Id": given}).headers["x-request-id"] == given
        assert requests_of(book)[-1]["request_id"] == given


@pytest.mark.parametrize(
    "given", ["", "ann", "u-" + "0" * 32, "0" * 31, "0" * 33, UUID + "\t", UUID[:-1] + "g", UUID.replace("-", "", 1)]
)
def test_any_other_request_id_is_replaced_as_it_could_be_a_name(api: TestClient, book: Logbook, given: str) -> None:
    echoed = api.get("/v1/users/ann", headers={"X-Request-Id": given}).headers["x-request-id"]

    if given.strip() != UUID:  # a header's value ends before its white space
        assert echoed != given
    assert len(echoed.replace("-", "")) == 32
    assert requests_of(book)[0]["request_id"] == echoed


def test_two_requests_have_two_ids(api: TestClient) -> None:
    first, second = (api.get("/v1/users/ann").headers["x-request-id"] for _ in range(2))

    assert first != second


def test_a_bug_is_one_problem_and_one_line_that_tells_where_it_was_met(api: TestClient, book: Logbook) -> None:
    answer = api.get("/v1/users/ann/bug")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal-server-error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    (line,) = [line for line in book.lines if line["level"] == "error"]
    assert line["exception"].startswith("KeyError\n")
    assert line["exception"].splitlines()[-1].endswith(" a_toy.<locals>.bug")


def test_a_bug_in_the_middle_of_an_answer_breaks_the_connection_and_is_told(metrics: Metrics, book: Logbook) -> None:
    with TestClient(a_toy(metrics)) as client, pytest.raises(ValueError, match="ann"):
        client.get("/v1/users/ann/half")

    (line,) = requests_of(book)
    assert (line["level"], line["status"]) == ("error", 200)
    assert line["exception"].startswith("ValueError\n")


def test_no_id_key_or_profile_is_in_the_whole_log_whatever_goes_wrong(api: TestClient, book: Logbook) -> None:
    who, key, artist, query = SECRETS
    headers = {"Authorization": f"Bearer {key}", "X-API-Key": key, "X-Request-Id": who, "Idempotency-Key": who}
    for path in ("", "/bug", "/broken", "/unknown", "/half", "/nowhere"):
        for method in ("GET", "POST", "DELETE", who.upper()):
            api.request(method, f"/v1/users/{who}{path}?q={query}", headers=headers, content=artist)

    assert len(requests_of(book)) == 24
    assert {line["level"] for line in requests_of(book)} == {"debug", "info", "error"}
    assert [secret for secret in SECRETS if secret.lower() in book.getvalue().lower()] == []


def test_requests_are_counted_by_route_and_nothing_that_a_client_chose_becomes_a_label(
    api: TestClient, metrics: Metrics, book: Logbook
) -> None:
    for who in ("ann", "bob"):
        api.get(f"/v1/users/{who}")
        api.get(f"/{who}")
        api.request(who.upper(), f"/v1/users/{who}")
    api.get("/v1/users/ann/bug")

    found = samples(metrics)
    counted = {name[1:]: count for name, count in found.items() if name[0] == "http_requests_total"}
    assert counted == {
        ("GET", "/v1/users/{user_id}", "200"): 2,
        ("GET", "unmatched", "404"): 2,
        ("other", "/v1/users/{user_id}", "405"): 2,
        ("GET", "/v1/users/{user_id}/bug", "500"): 1,
    }
    assert found["http_requests_in_flight",] == 0


def a_scope(kind: str = "http") -> Scope:
    return {"type": kind, "method": "GET", "path": "/", "headers": []}


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def nowhere(message: Message) -> None:
    pass


def test_a_request_that_is_dropped_before_its_answer_is_told_as_such(metrics: Metrics, book: Logbook) -> None:
    async def dropped(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Observed(dropped, metrics)(a_scope(), nothing, nowhere))

    assert requests_of(book)[0]["status"] == 499
    assert samples(metrics)["http_requests_in_flight",] == 0


def test_what_is_known_before_routing_stands_in_for_the_route(metrics: Metrics, book: Logbook) -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        seen(scope).route = "/v1/users/{user_id}"
        await Response(status_code=401)(scope, receive, send)

    asyncio.run(Observed(refusing, metrics)(a_scope(), nothing, nowhere))

    assert requests_of(book)[0]["route"] == "/v1/users/{user_id}"


def test_a_lifespan_passes_by(metrics: Metrics, book: Logbook) -> None:
    passed = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    asyncio.run(Observed(inner, metrics)(a_scope("lifespan"), nothing, nowhere))

    assert passed == [a_scope("lifespan")]
    assert book.lines == []
