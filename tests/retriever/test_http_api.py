import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from features.listener import listener_of
from retriever.app import create_app
from tests.builders import NOW, a_community
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

PROFILE = {
    "playlists": [{"name": "p", "tracks": [{"artist": "Scene 0 artist 1", "plays": 9}, {"artist": "Mine alone"}]}]
}


def test_a_new_person_gets_an_id_reasons_and_discoveries_and_joins_both_stores(
    api: TestClient, world: SmallWorld
) -> None:
    answer = api.post("/v1/recommendations", json={"profile": PROFILE, "limit": 5}).json()

    me = answer["user_id"]
    assert answer["stored"] is True
    assert answer["model_version"] == 3
    assert 0 < answer["coverage"]["genres"] < 1
    assert len(answer["recommendations"]) == 5
    assert me not in {person["user_id"] for person in answer["recommendations"]}
    similarities = [person["similarity"] for person in answer["recommendations"]]
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 <= person["percentile"] <= 100 for person in answer["recommendations"])
    assert "Scene 0 artist 1" not in {found["artist"] for found in answer["discoveries"]}
    assert answer["discoveries"]
    until(lambda: me in world.store.get([me]))
    assert api.get(f"/v1/users/{me}/similar").status_code == 200


def test_not_to_be_remembered_leaves_nothing_behind(api: TestClient, world: SmallWorld) -> None:
    answer = api.post(
        "/v1/recommendations", json={"profile": {**PROFILE, "user_id": "ghost"}, "remember": False}
    ).json()

    assert answer["stored"] is False
    assert world.store.get(["ghost"]) == {}
    assert api.get("/v1/users/ghost/similar").status_code == 404


def test_whoever_asks_sees_their_eras_beside_those_of_the_people_found(api: TestClient) -> None:
    asked = {"user_id": "person-0", "limit": 3}
    for found in api.post("/v1/recommendations", json=asked).json()["recommendations"]:
        both = api.get(f"/v1/users/person-0/compatibility/{found['user_id']}").json()
        assert found["eras"] == both["eras"]
        assert found["eras"]["decades"]

    tracks = [{"artist": "Scene 0 artist 1", "release_year": 1975}, {"artist": "Mine alone", "release_year": 1994}]
    looking = {"profile": {"playlists": [{"name": "p", "tracks": tracks}]}, "remember": False, "limit": 1}
    (nearest,) = api.post("/v1/recommendations", json=looking).json()["recommendations"]
    mine = {each["decade"]: each["one"] for each in nearest["eras"]["decades"] if each["one"]}
    assert mine.keys() == {"1970s", "1990s"}


def test_two_people_are_told_the_same_of_each_other(api: TestClient) -> None:
    def told(asker: str, other: str) -> dict[str, Any]:
        near = api.get(f"/v1/users/{asker}/similar?limit=39").json()["recommendations"]
        (about,) = [person for person in near if person["user_id"] == other]
        shared = {kind: set(about[kind]) for kind in ("shared_artists", "shared_genres")}
        return {key: about[key] for key in ("similarity", "percentile", "confidence", "towers")} | shared

    near = api.get("/v1/users/person-0/similar?limit=39").json()["recommendations"]
    for other in (near[0]["user_id"], near[1]["user_id"], near[20]["user_id"], near[-1]["user_id"]):
        assert told("person-0", other) == told(other, "person-0")
    assert near[0]["shared_artists"]
    assert all(0 < person["confidence"] < 1 for person in near)


def test_a_known_person_is_answered_alike_by_both_routes_and_limits_change_what_is_used(api: TestClient) -> None:
    known = api.post("/v1/recommendations", json={"user_id": "person-0"}).json()
    narrow = api.post("/v1/recommendations", json={"user_id": "person-0", "top_artists": 1, "playlists": 1}).json()
    similar = api.get("/v1/users/person-0/similar").json()

    assert [p["user_id"] for p in known["recommendations"]] == [p["user_id"] for p in similar["recommendations"]]
    assert [p["similarity"] for p in narrow["recommendations"]] != [p["similarity"] for p in known["recommendations"]]


def test_a_deleted_person_is_gone_from_answers_and_from_both_stores(api: TestClient, world: SmallWorld) -> None:
    nearest = api.get("/v1/users/person-0/similar?limit=1").json()["recommendations"][0]["user_id"]

    assert api.delete(f"/v1/users/{nearest}").status_code == 204

    assert nearest not in api.get("/v1/users/person-0/similar?limit=100").text.replace(f"{nearest}0", "")
    until(lambda: world.store.get([nearest]) == {})
    assert api.delete(f"/v1/users/{nearest}").status_code == 404
    assert api.get(f"/v1/users/{nearest}").status_code == 404


def test_the_same_upload_twice_is_one_person(api: TestClient, world: SmallWorld) -> None:
    packed = io.BytesIO()
    rows = [{"endTime": "2025-01-01 10:00", "artistName": "Scene 1 artist 2", "trackName": "t", "msPlayed": 200_000}]
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Spotify Account Data/StreamingHistory_music_0.json", json.dumps(rows))

    answers = [
        api.post("/v1/profiles", files={"file": ("my.zip", packed.getvalue())}, data={"limit": "3"}).json()
        for _ in range(2)
    ]

    assert answers[0]["user_id"] == answers[1]["user_id"]
    assert len(answers[0]["recommendations"]) == 3
    until(lambda: world.store.count() == 41)


def test_a_bug_gives_nothing_away(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = world.parts()
    monkeypatch.setattr(parts.service, "similar", lambda *_: 1 / 0)
    with TestClient(create_app(lambda _metrics: parts, SETTINGS), raise_server_exceptions=False) as api:
        answer = api.get("/v1/users/person-0/similar")

    assert answer.status_code == 500
    assert "division" not in answer.text


def test_health_and_readiness_and_the_document(api: TestClient) -> None:
    assert api.get("/healthz").json() == {"status": "alive"}
    assert api.get("/readyz").json()["people"] == 40
    document = api.get("/openapi.json")
    assert document.status_code == 200
    assert {"Ask", "Problem", "Recommendations"} <= document.json()["components"]["schemas"].keys()
    refs = {part.split('"')[0] for part in document.text.split('"#/components/schemas/')[1:]}
    assert refs <= document.json()["components"]["schemas"].keys()


def test_a_query_changes_nothing_of_whom_the_path_names(api: TestClient) -> None:
    answer = api.get("/v1/users/person-0/similar?user_id=person-1&limit=2&colour=blue").json()

    assert answer == api.get("/v1/users/person-0/similar?limit=2").json()
    assert answer["user_id"] == "person-0"


def test_the_document_says_what_may_be_asked_for_with_examples(api: TestClient) -> None:
    document = api.get("/openapi.json").json()

    (user_id, limit, *others) = document["paths"]["/v1/users/{user_id}/similar"]["get"]["parameters"]
    assert [other["name"] for other in others] == ["cursor", "source", "min_artists", "active_since", "diversity"]
    assert (user_id["name"], user_id["in"], user_id["required"]) == ("user_id", "path", True)
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert [limit["schema"][bound] for bound in ("minimum", "maximum", "default")] == [1, 100, 10]
    for kind, path in (("Ask", "/v1/recommendations"), ("Batch", "/v1/recommendations:batch")):
        assert document["components"]["schemas"][kind]["examples"]
        for example in document["components"]["schemas"][kind]["examples"]:
            assert api.post(path, json=example).status_code in {200, 404}, example


def test_the_document_describes_every_operation_and_parameter_and_what_answers_carry(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    operations = {f"{method} {path}": told for path, methods in paths.items() for method, told in methods.items()}

    assert all(told["description"] for told in operations.values())
    parameters = [parameter for told in operations.values() for parameter in told.get("parameters", ())]
    assert all(parameter.get("description") or parameter["schema"]["description"] for parameter in parameters)
    assert {parameter["example"] for parameter in parameters if parameter["in"] == "path"} == {"ada", "grace", 1}
    versioned = {"Soundalike-Model", "Soundalike-Index"}
    carried = {name: told["responses"].get("200", {}).get("headers", {}).keys() for name, told in operations.items()}
    assert carried["post /v1/recommendations"] == carried["post /v1/recommendations:batch"] == versioned
    assert carried["get /v1/users/{user_id}/similar"] == {*versioned, "ETag"}
    assert operations["get /healthz"]["responses"].keys() == {"200", "503"}


def test_the_service_moves_over_to_a_new_version_and_follows_the_store(world: SmallWorld) -> None:
    parts = world.parts()
    live = parts.live
    newcomer = a_community(1)[0].model_copy(update={"user_id": "newcomer"})
    with live.lease() as old:
        second = world.publish()
        live.follow()
        assert old.index.count() == 40
        with live.lease() as fresh:
            assert fresh.index.version.name == second
    world.store.upsert(world.builder.build([listener_of(newcomer)], now=NOW, consent=True))
    world.store.delete(["person-7"])
    live.follow()

    with live.lease() as unit:
        assert unit.index.get(["newcomer", "person-7"]).keys() == {"newcomer"}
    world.catalog.rollback()
    live.follow()
    with live.lease() as unit:
        assert unit.index.version.name != second
        assert unit.index.get(["newcomer", "person-7"]).keys() == {"newcomer"}
    parts.close()


def test_a_body_that_does_not_tell_its_length_is_cut_off_where_it_grows_too_large(api: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        yield from [b" " * 2**16] * 17

    for path in ("/v1/recommendations", "/v1/profiles"):
        answer = api.post(path, content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code in ({413} if path == "/v1/recommendations" else {413, 422})
        assert answer.headers["content-type"] == "application/problem+json"
