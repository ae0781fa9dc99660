"""The client: against the API's own document, and in trouble."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dashboard.api import people, service, taste_map
from dashboard.api.asked import Asked, Place
from dashboard.api.client import Api
from dashboard.api.transport import Wire, headers_of
from dashboard.errors import ApiDown, DashboardError, KeyWanted, NotThere, Refused, StrangeAnswer
from retriever.app import create_app
from retriever.settings import RetrieverSettings
from tests.dashboard.stub import a_stub, problem

KNOWN = [
    ("/v1/recommendations", "post", 200, people.Recommendations),
    ("/v1/profiles", "post", 200, people.Recommendations),
    ("/v1/users/{user_id}", "get", 200, people.Person),
    ("/v1/users/{a}/compatibility/{b}", "get", 200, people.Compatibility),
    ("/v1/mine/export", "post", 200, people.Export),
    ("/v1/spotify/me", "get", 200, people.LoggedIn),
    ("/v1/spotify/disconnect", "post", 200, people.Disconnected),
    ("/v1/map", "get", 200, taste_map.TasteMap),
    ("/v1/status", "get", 200, service.Status),
    ("/v1/status/history", "get", 200, service.History),
    ("/v1/models", "get", 200, service.Models),
    ("/v1/admin/jobs", "get", 200, service.Jobs),
    ("/v1/admin/jobs", "post", 202, service.Job),
]


@cache
def document() -> dict[str, Any]:
    def never(_metrics: object) -> Any:
        raise AssertionError

    return create_app(never, RetrieverSettings(_env_file=None, home=Path("/nowhere"))).openapi()


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def alternatives(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    schema = resolved(schema, root)
    return [each for part in schema["anyOf"] for each in alternatives(part, root)] if "anyOf" in schema else [schema]


def kind_of(schema: dict[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return "string"
    return str(schema.get("type", "anything"))


def misfits(ours: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any], where: str) -> list[str]:
    """What the API may say and the model does not take: every kind that they have is one that we read."""
    read = {kind_of(each): each for each in alternatives(ours, mine)}
    found = []
    for said in alternatives(theirs, document()):
        kind = kind_of(said)
        fits = read.get(kind) or (read.get("number") if kind == "integer" else None) or read.get("anything")
        if fits is None:
            found.append(f"{where}: the API says {kind}, the dashboard reads {sorted(read)}")
        elif kind == "array" and "items" in fits:
            items = [said["items"]] if "items" in said else said.get("prefixItems", [])
            found += [each for item in items for each in misfits(fits["items"], item, mine, f"{where}[]")]
        elif kind == "object":
            for name, schema in fits.get("properties", {}).items():
                if name not in said.get("properties", {}):
                    found.append(f"{where}.{name}: the API does not say it")
                else:
                    found += misfits(schema, said["properties"][name], mine, f"{where}.{name}")
            more, theirs_more = fits.get("additionalProperties"), said.get("additionalProperties")
            if isinstance(more, dict) and isinstance(theirs_more, dict):
                found += misfits(more, theirs_more, mine, f"{where}.*")
    return found


@pytest.mark.parametrize(
    ("path", "method", "code", "shape"), KNOWN, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_model_reads_what_the_api_says_it_answers(path: str, method: str, code: int, shape: Any):
    answer = document()["paths"][path][method]["responses"][str(code)]["content"]["application/json"]["schema"]
    mine = shape.model_json_schema()
    assert misfits(mine, answer, mine, shape.__name__) == []


def test_a_model_that_reads_too_little_is_seen():
    mine = {"type": "object", "properties": {"user_id": {"type": "integer"}, "gone": {"type": "string"}}}
    answer = document()["paths"]["/v1/spotify/me"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert len(misfits(mine, answer, mine, "it")) == 3


def test_a_question_says_only_what_the_api_knows():
    schemas, fields = document()["components"]["schemas"], Asked(1, 2, remember=True).fields()
    assert {*fields, *get_args(Place)} <= schemas["Ask"]["properties"].keys()
    form = document()["paths"]["/v1/profiles"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert {*fields, "file"} <= resolved(form, document())["properties"].keys()


def api(stub, **more) -> Api:
    return Api(Wire("http://api.test", timeout_s=1, transport=stub.transport), **more)


def test_a_read_is_tried_again_and_a_write_is_not():
    failures = iter([httpx.ConnectError("no"), httpx.Response(503), None])

    def at_last(_request: httpx.Request) -> Any:
        failure = next(failures)
        if isinstance(failure, Exception):
            raise failure
        return failure or httpx.Response(200, json={"user_id": None})

    stub = a_stub(answers={"GET /v1/spotify/me": at_last, "DELETE /v1/users/me": httpx.ConnectError("no")})
    assert api(stub).logged_in().user_id is None
    with pytest.raises(ApiDown):
        api(stub).forget("me")
    assert [f"{asked.method}" for asked in stub.asked] == ["GET", "GET", "GET", "DELETE"]


@pytest.mark.parametrize(
    ("code", "kind"), [(401, KeyWanted), (403, KeyWanted), (404, NotThere), (409, Refused), (503, Refused)]
)
def test_a_problem_becomes_an_error_with_its_own_words(code: int, kind: type[Refused]):
    stub = a_stub(answers={"GET /v1/users/me": problem(code, "It is so.", "Do that.")})
    with pytest.raises(kind) as caught:
        api(stub).person("me")
    assert (caught.value.what, caught.value.mend, caught.value.status) == ("It is so.", "Do that.", code)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(500, text="oops"), [1]])
def test_what_is_no_soundalike_is_said_to_be_none(answer: Any):
    with pytest.raises(StrangeAnswer):
        api(a_stub(answers={"GET /v1/status": answer})).status()


def test_a_refusal_of_spotifys_asks_for_no_key_of_ours():
    stub = a_stub(answers={"POST /v1/recommendations": problem(403, "No.", code="spotify-forbidden")})
    with pytest.raises(Refused) as caught:
        api(stub).ask("spotify_url", "x", Asked())
    assert not isinstance(caught.value, KeyWanted)


@given(st.text())
def test_a_session_from_a_browser_never_adds_a_cookie_or_a_header(session: str):
    headers = headers_of(SecretStr("key"), session)
    assert headers["authorization"] == "Bearer key"
    cookie = headers.get("cookie", "soundalike_session=x")
    assert not set(";\r\n ,") & set(cookie)
    httpx.Headers(headers).raw  # noqa: B018 - it can be sent


def test_a_key_is_not_shown_by_accident():
    assert "secret" not in repr(api(a_stub(), key=SecretStr("secret")))


@pytest.mark.parametrize(
    "content", [b'{"user_id": "ann"}', b"\xef\xbb\xbf \n[{}]", b"\x1f\x8b\x08", b" " * 80 + b"{}", b""]
)
def test_a_file_that_can_say_whose_it_is_is_not_sent(content: bytes):
    stub = a_stub()
    with pytest.raises(DashboardError, match="neither a ZIP nor a CSV"):
        api(stub).upload("profile.csv", content, Asked(remember=True))
    assert stub.asked == []
