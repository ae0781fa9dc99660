"""Whatever is sent, the answer is one of the documented ones: never a 500, and errors are problem documents."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.app import create_app
from tests.small_world import SETTINGS, a_small_world

PROBLEM = {"type", "title", "status", "detail", "instance", "code", "mend"}
FEW = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    world = a_small_world(tmp_path_factory.mktemp("world"))
    world.publish()
    with TestClient(create_app(world.parts, SETTINGS), raise_server_exceptions=False) as client:
        yield client


def must_be_documented(answer: httpx.Response, statuses: set[int]) -> None:
    assert answer.status_code in statuses, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json().keys() >= PROBLEM
        assert answer.json()["status"] == answer.status_code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(["Scene 0 artist 1", "Scene 1 artist 2"])
TRACKS = st.fixed_dictionaries(
    {"artist": NAMES},
    optional={
        "title": st.none() | NAMES,
        "plays": st.none() | st.integers(-1, 10**9 + 1),
        "genres": st.none() | st.lists(NAMES, max_size=3),
        "release_year": st.none() | st.integers(999, 2101),
    },
)
PLAYLISTS = st.fixed_dictionaries({}, optional={"name": st.none() | NAMES, "tracks": st.lists(TRACKS, max_size=4)})
PROFILES = st.fixed_dictionaries({"playlists": st.lists(PLAYLISTS, max_size=3)}, optional={"display_name": NAMES})
ASKS = st.fixed_dictionaries(
    {"remember": st.just(False)},
    optional={
        "profile": PROFILES | JSON,
        "user_id": st.sampled_from(["person-0", "person-1", "nobody"]) | st.text(max_size=5),
        "limit": st.integers(-1, 101) | JSON,
        "top_artists": st.integers(0, 3),
        "playlists": st.integers(0, 3),
        "colour": JSON,
    },
)


@FEW
@given(ask=ASKS | JSON)
def test_any_json_is_answered_or_refused_with_a_reason(api: TestClient, ask: object) -> None:
    # Half an emoji is valid in JSON text, as an escape.
    answer = api.post("/v1/recommendations", content=json.dumps(ask), headers={"content-type": "application/json"})

    must_be_documented(answer, {200, 404, 413, 422})


@FEW
@given(profile=PROFILES)
def test_a_profile_that_is_answered_is_answered_in_full(api: TestClient, profile: object) -> None:
    answer = api.post("/v1/recommendations", json={"profile": profile, "remember": False, "limit": 3})

    must_be_documented(answer, {200, 422})
    if answer.status_code == 200:
        found = answer.json()
        similarities = [person["similarity"] for person in found["recommendations"]]
        assert len(similarities) == 3
        assert similarities == sorted(similarities, reverse=True)
        assert all(-1.001 <= similarity <= 1.001 for similarity in similarities)
        assert found["stored"] is False


@FEW
@given(body=st.binary(max_size=60), kind=st.sampled_from(["application/json", "text/plain", "", "multipart/form-data"]))
def test_any_bytes_of_any_media_type_are_refused_with_a_reason(api: TestClient, body: bytes, kind: str) -> None:
    for path in ("/v1/recommendations", "/v1/profiles"):
        must_be_documented(api.post(path, content=body, headers={"content-type": kind}), {400, 404, 413, 415, 422})


@FEW
@given(
    user_id=st.text(min_size=1, max_size=12)
    | st.sampled_from(["..", "../../etc/passwd", "person-0/..", "%2e%2e", "a\x00b", "\\", "person-0"]),
    limit=st.text(max_size=4) | st.integers(-1, 101).map(str),
)
def test_any_path_is_answered_or_refused_with_a_reason(api: TestClient, user_id: str, limit: str) -> None:
    safe = quote(user_id.encode("utf-8", "surrogatepass"), safe="")
    for path in (f"/v1/users/{safe}", f"/v1/users/{safe}/similar?limit={quote(limit.encode('utf-8', 'replace'))}"):
        must_be_documented(api.get(path), {200, 404, 422})


@FEW
@given(content=st.binary(max_size=80), name=st.text(max_size=10), fields=st.dictionaries(st.sampled_from(
    ["limit", "remember", "top_artists", "colour"]), st.text(max_size=4), max_size=3))  # fmt: skip
def test_any_upload_is_answered_or_refused_with_a_reason(
    api: TestClient, content: bytes, name: str, fields: dict[str, str]
) -> None:
    safe = name.encode("utf-8", "ignore").decode() or "file"
    answer = api.post("/v1/profiles", files={"file": (safe, content)}, data={**fields, "remember": "false"})

    must_be_documented(answer, {200, 400, 413, 422})


def test_json_that_is_very_deep_is_refused(api: TestClient) -> None:
    for deep in ("[" * 100_000, '{"profile":' * 50_000):
        answer = api.post("/v1/recommendations", content=deep, headers={"content-type": "application/json"})
        must_be_documented(answer, {422})
