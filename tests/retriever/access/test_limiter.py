import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from retriever.access.address import address_of
from retriever.access.door import Door, Locks
from retriever.access.keyfile import FollowedKeys, KeyFile
from retriever.access.limiter import Quotas, RateLimits
from retriever.access.memory import BoundedMemory
from retriever.access.rates import Throttle
from retriever.access.roles import Role
from retriever.access.rules import Rules
from tests.retriever.access.toy import Clock, a_key, a_toy, bearer, client_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals() -> list[str]:
    return []


def quotas(clock: Clock, refusals: list[str], requests: str | None = "5/minute", writes: str | None = "2/minute"):
    memory = BoundedMemory(clock=clock.seconds)
    return Quotas(
        requests and Throttle("requests", requests, memory),
        writes and Throttle("writes", writes, memory),
        Rules(),
        refusals.append,
    )


@pytest.fixture
def api(clock: Clock, refusals: list[str]) -> Iterator[TestClient]:
    app = a_toy()
    app.add_middleware(RateLimits, quotas=quotas(clock, refusals))
    with client_of(app) as client:
        yield client


def test_one_more_than_the_limit_is_429_and_told_when_to_come_back(
    api: TestClient, clock: Clock, refusals: list[str]
) -> None:
    assert [api.get("/v1/users/ann").status_code for _ in range(5)] == [200] * 5
    clock.move(15)
    answer = api.get("/v1/users/ann")

    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "45"
    assert answer.headers["ratelimit"] == '"requests";r=0;t=45'
    assert refusals == ["rate"]

    clock.move(45)
    assert api.get("/v1/users/ann").status_code == 200


def test_every_answer_tells_how_the_client_stands(api: TestClient) -> None:
    answer = api.get("/v1/users/ann")
    assert answer.headers["ratelimit-policy"] == '"requests";q=5;w=60'
    assert answer.headers["ratelimit"] == '"requests";r=4;t=60'

    assert api.post("/v1/recommendations").headers["ratelimit"] == '"requests";r=3;t=60, "writes";r=1;t=60'


def test_writes_have_a_narrower_limit_and_reading_goes_on(api: TestClient) -> None:
    writes = [
        api.post("/v1/recommendations"),
        api.delete("/v1/users/ann"),
        api.post("/v1/recommendations"),
    ]

    assert [answer.status_code for answer in writes] == [200, 200, 429]
    assert writes[-1].headers["ratelimit"] == '"requests";r=2;t=60, "writes";r=0;t=60'
    assert "writes" in writes[-1].json()["detail"]
    assert api.get("/v1/users/ann").status_code == 200


def test_what_does_not_exist_is_limited_as_well(api: TestClient) -> None:
    assert [api.get("/nowhere").status_code for _ in range(6)] == [404] * 5 + [429]


def test_the_sign_of_life_is_never_limited_and_counts_for_nothing(api: TestClient) -> None:
    answers = [api.get("/healthz") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
    assert api.get("/v1/users/ann").headers["ratelimit"] == '"requests";r=4;t=60'


def test_each_address_counts_for_itself_and_headers_do_not_change_it(api: TestClient) -> None:
    for number in range(5):
        api.get("/v1/users/ann", headers={"X-Forwarded-For": f"1.2.3.{number}", "Forwarded": f"for=1.2.3.{number}"})

    assert api.get("/v1/users/ann", headers={"X-Forwarded-For": "9.9.9.9"}).status_code == 429
    with client_of(api.app, "10.0.0.2") as other:
        assert other.get("/v1/users/ann").status_code == 200


def test_a_key_counts_for_itself_wherever_it_is_used_from(tmp_path: Path, clock: Clock, refusals: list[str]) -> None:
    file, app = KeyFile(tmp_path), a_toy()
    app.add_middleware(RateLimits, quotas=quotas(clock, refusals))
    failures = Throttle("failures", "9/minute", BoundedMemory(clock=clock.seconds))
    app.add_middleware(Door, locks=Locks(FollowedKeys(file), Rules(), failures, refusals.append, clock))
    first, second = (bearer(a_key(file, Role.READ)[0]) for _ in range(2))

    with client_of(app) as here, client_of(app, "10.0.0.2") as there:
        assert [here.get("/", headers=first).status_code for _ in range(5)] == [200] * 5
        assert there.get("/", headers=first).status_code == 429
        assert here.get("/", headers=second).status_code == 200
        assert here.get("/").status_code == 401


@pytest.mark.parametrize(
    ("requests", "writes", "told"),
    [(None, "2/minute", '"writes";r=1;t=60'), ("5/minute", None, '"requests";r=4;t=60'), (None, None, None)],
)
def test_either_limit_can_be_left_out(
    clock: Clock, refusals: list[str], requests: str | None, writes: str | None, told: str | None
) -> None:
    app = a_toy()
    app.add_middleware(RateLimits, quotas=quotas(clock, refusals, requests, writes))
    with client_of(app) as client:
        assert client.post("/v1/recommendations").headers.get("ratelimit") == told


def test_a_lifespan_passes_by(clock: Clock, refusals: list[str]) -> None:
    passed = []

    async def inner(scope, receive, send) -> None:
        passed.append((scope, send))

    send = object()
    asyncio.run(RateLimits(inner, quotas(clock, refusals))({"type": "lifespan"}, None, send))
    assert passed == [({"type": "lifespan"}, send)]


@pytest.mark.parametrize(
    ("host", "who"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
        ("10.0.0.1, 10.0.0.2", "unknown"),
    ],
)
def test_an_address_is_that_of_ipv4_or_the_network_of_ipv6(host: str, who: str) -> None:
    assert address_of({"client": (host, 1)}) == who


def test_clients_without_an_address_are_one() -> None:
    assert address_of({"client": None}) == address_of({}) == "unknown"
