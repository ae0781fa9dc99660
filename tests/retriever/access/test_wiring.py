from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from features.errors import SettingsError
from features.settings import load
from retriever import problems
from retriever.access.keyfile import KeyFile
from retriever.access.roles import Role
from retriever.access.rules import UNLISTED, Rules
from retriever.access.wiring import guard
from retriever.app import create_app
from retriever.errors import KeyFileError, NoKeys
from retriever.limits import BodyLimit
from retriever.observe.metrics import Metrics
from retriever.settings import RetrieverSettings
from tests.retriever.access.toy import a_key, a_toy, bearer, client_of

ANYWHERE = "0.0.0.0"  # noqa: S104 - never listened on
ORIGIN = "https://music.example"


def settings_of(home: Path, **more: Any) -> RetrieverSettings:
    return RetrieverSettings(_env_file=None, home=home, **{"host_names": "testserver", **more})


@contextmanager
def guarded(home: Path, app: FastAPI | None = None, **more: Any) -> Iterator[TestClient]:
    app = app or a_toy()
    guard(app, settings_of(home, **more), Metrics())
    with client_of(app) as client:
        yield client


def test_on_loopback_everybody_may_do_everything_and_nothing_is_limited(tmp_path: Path) -> None:
    with guarded(tmp_path) as api:
        answers = [api.get("/metrics"), api.delete("/v1/users/ann"), api.get("/", headers=bearer("whatever"))]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert not {name for answer in answers for name in answer.headers if name.startswith("ratelimit")}
    assert all(answer.headers["x-request-id"] for answer in answers)


def test_where_others_can_reach_the_server_it_asks_for_keys_and_limits(tmp_path: Path) -> None:
    key, _ = a_key(KeyFile(tmp_path), Role.WRITE)
    with guarded(tmp_path, host=ANYWHERE) as api:
        assert api.get("/").status_code == 401
        assert api.get("/healthz").status_code == 200
        assert api.get("/", headers=bearer(key)).headers["ratelimit-policy"] == '"requests";q=600;w=60'
        written = api.post("/v1/recommendations", headers=bearer(key))
        assert written.headers["ratelimit-policy"] == '"requests";q=600;w=60, "writes";q=60;w=60'


def test_without_a_key_such_a_server_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(NoKeys, match="keys add"):
        guard(a_toy(), settings_of(tmp_path, host=ANYWHERE), Metrics())


def test_it_does_not_start_without_asking_for_keys_or_with_a_broken_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        guard(a_toy(), settings_of(tmp_path, host=ANYWHERE, api_keys_required=False), Metrics())
    KeyFile(tmp_path).path.write_text("{")
    with pytest.raises(KeyFileError):
        guard(a_toy(), settings_of(tmp_path, host=ANYWHERE), Metrics())


def test_keys_and_limits_can_be_asked_for_on_loopback_as_well(tmp_path: Path) -> None:
    key, _ = a_key(KeyFile(tmp_path))
    with guarded(tmp_path, api_keys_required=True, rate_limit="2/minute") as api:
        assert api.get("/").status_code == 401
        assert [api.get("/", headers=bearer(key)).status_code for _ in range(3)] == [200, 200, 429]


def test_a_key_that_has_expired_by_now_is_refused(tmp_path: Path) -> None:
    (valid, _), (expired, _) = (
        a_key(KeyFile(tmp_path)),
        a_key(KeyFile(tmp_path), expires_at=datetime(2026, 1, 1, tzinfo=UTC)),
    )
    with guarded(tmp_path, host=ANYWHERE) as api:
        assert [api.get("/", headers=bearer(key)).status_code for key in (valid, expired)] == [200, 401]


def test_limits_can_be_set_and_turned_off(tmp_path: Path) -> None:
    key, _ = a_key(KeyFile(tmp_path), Role.WRITE)
    more = {"rate_limit": "off", "rate_limit_writes": "1/hour", "rate_limit_failures": "1/minute"}
    with guarded(tmp_path, host=ANYWHERE, **more) as api:
        assert "ratelimit" not in api.get("/", headers=bearer(key)).headers
        assert [api.post("/v1/recommendations", headers=bearer(key)).status_code for _ in range(2)] == [200, 429]
        assert [api.get("/").status_code for _ in range(2)] == [401, 429]
    with guarded(tmp_path, host=ANYWHERE, rate_limit_failures="off") as api:
        assert {api.get("/").status_code for _ in range(40)} == {401}


@pytest.mark.parametrize(
    "variable", ["SOUNDALIKE_RATE_LIMIT", "SOUNDALIKE_RATE_LIMIT_WRITES", "SOUNDALIKE_RATE_LIMIT_FAILURES"]
)
@pytest.mark.parametrize("rate", ["many", "0/minute", "-1/minute", "10", "10001/day", "10/fortnight"])
def test_a_rate_that_is_none_is_refused_when_the_settings_are_read(
    monkeypatch: pytest.MonkeyPatch, variable: str, rate: str
) -> None:
    monkeypatch.setenv(variable, rate)

    with pytest.raises(SettingsError, match=f"^{variable}: .*such as 600/minute"):
        load(RetrieverSettings)


@pytest.mark.parametrize(
    "origins",
    ["*", "null", "music.example", f"{ORIGIN}/", f"{ORIGIN}/path", f"{ORIGIN},*", "https://*.example", "ftp://a"],
)
def test_an_origin_that_is_none_or_everybody_is_refused(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("SOUNDALIKE_CORS_ORIGINS", origins)

    with pytest.raises(SettingsError, match=r"^SOUNDALIKE_CORS_ORIGINS: .*is no origin"):
        load(RetrieverSettings)


def preflight(api: TestClient, origin: str, method: str = "DELETE") -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method,
             "Access-Control-Request-Headers": "authorization,idempotency-key"}  # fmt: skip
    return api.options("/v1/users/ann", headers=asked)


def test_other_origins_are_shut_out_unless_they_are_named(tmp_path: Path) -> None:
    with guarded(tmp_path) as api:
        assert "access-control-allow-origin" not in api.get("/", headers={"Origin": ORIGIN}).headers
        assert preflight(api, ORIGIN).status_code == 405


def test_a_named_origin_may_call_and_no_other(tmp_path: Path) -> None:
    key, _ = a_key(KeyFile(tmp_path))
    with guarded(tmp_path, host=ANYWHERE, cors_origins=f"{ORIGIN}, http://localhost:8501") as api:
        for origin in (ORIGIN, "http://localhost:8501"):
            allowed = preflight(api, origin)
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in allowed.headers
        assert preflight(api, "https://evil.example").status_code == 400
        assert preflight(api, ORIGIN, "PATCH").status_code == 400

        refused = api.get("/", headers={"Origin": ORIGIN})
        answered = api.get("/", headers={"Origin": ORIGIN, **bearer(key)})
    assert (refused.status_code, answered.status_code) == (401, 200)
    for answer in (refused, answered):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


def test_nobody_guesses_what_an_answer_is_and_nobody_keeps_it(tmp_path: Path) -> None:
    app = a_toy()

    @app.get("/v1/status")
    async def kept() -> Response:
        return Response(headers={"Cache-Control": "max-age=60"})

    @app.get("/v1/users/{a}/compatibility/{b}")
    async def bug(a: str, b: str) -> Response:
        raise KeyError(a, b)

    a_key(KeyFile(tmp_path))
    with guarded(tmp_path, app) as api:
        answered, own, missing = api.get("/v1/users/ann"), api.get("/v1/status"), api.get("/nowhere")
        failed = api.get("/v1/users/ann/compatibility/bob")
    with guarded(tmp_path, host=ANYWHERE) as api:
        refused = api.get("/")

    assert all(
        answer.headers["x-content-type-options"] == "nosniff" for answer in (answered, own, missing, failed, refused)
    )
    assert [answer.headers["cache-control"] for answer in (answered, missing, failed, refused)] == ["no-store"] * 4
    assert own.headers.get_list("cache-control") == ["max-age=60"]


def test_a_stranger_is_turned_away_before_his_body_is_looked_at(tmp_path: Path) -> None:
    key, _ = a_key(KeyFile(tmp_path), Role.WRITE)
    app = a_toy()

    @app.post("/v1/profiles")
    async def upload(request: Request) -> int:
        return len(await request.body())

    problems.install(app)
    app.add_middleware(BodyLimit, max_body_bytes=10, max_body_s=5)
    with guarded(tmp_path, app, host=ANYWHERE) as api:
        assert api.post("/v1/profiles", content=b"x" * 99).status_code == 401
        too_large = api.post("/v1/profiles", content=b"x" * 99, headers=bearer(key))
        assert api.post("/v1/profiles", content=b"x" * 9, headers=bearer(key)).json() == 9
    assert too_large.status_code == 413
    assert too_large.headers["x-request-id"]


def test_the_document_tells_what_each_route_asks_for(tmp_path: Path) -> None:
    a_key(KeyFile(tmp_path))
    app = a_toy()
    guard(app, settings_of(tmp_path, host=ANYWHERE), Metrics())
    document = app.openapi()

    assert document["components"]["securitySchemes"].keys() == {"bearer", "header"}
    export, health = document["paths"]["/v1/users/{user_id}/export"]["get"], document["paths"]["/healthz"]["get"]
    assert export["security"] == [{"bearer": []}, {"header": []}]
    assert "role admin" in export["responses"]["403"]["description"]
    assert {"401", "403", "429"} <= export["responses"].keys()
    assert "security" not in health
    assert not {"401", "403", "429"} & health["responses"].keys()
    assert app.openapi() == document


def test_the_document_of_an_open_server_speaks_of_no_keys(tmp_path: Path) -> None:
    app = a_toy()
    guard(app, settings_of(tmp_path), Metrics())
    document = app.openapi()

    assert "securitySchemes" not in document.get("components", {})
    assert not {"401", "403", "429"} & document["paths"]["/"]["get"]["responses"].keys()


def test_the_table_knows_every_route_of_the_service() -> None:
    paths = create_app(lambda: None, RetrieverSettings(_env_file=None)).openapi()["paths"]
    unlisted = [
        f"{method} {path}"
        for path, operations in paths.items()
        for method in operations
        if Rules().find(method.upper(), path) is UNLISTED and not path.startswith("/v1/admin/")
    ]

    assert paths
    assert unlisted == []


def test_without_keys_a_strange_name_is_turned_away_and_with_keys_the_key_decides(tmp_path: Path) -> None:
    key, _ = a_key(KeyFile(tmp_path))

    def asked(**more: Any) -> int:
        with guarded(tmp_path, host_names="", **more) as client:
            headers = {"host": "evil.example", **bearer(key)}
            return client.get("/", headers=headers).status_code

    assert asked() == 421
    assert asked(api_keys_required=True) == 200
