"""Writes with an Idempotency-Key, as a client repeats them."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from features.profile import UserId
from retriever.app import create_app
from tests.small_world import SETTINGS, SmallWorld, a_small_world
from tests.waiting import until

PROFILE: dict[str, Any] = {
    "playlists": [{"name": "p", "tracks": [{"artist": f"Scene 0 artist {number}"} for number in range(6)]}]
}


def test_a_repeated_write_is_done_once_and_answered_alike(api: TestClient) -> None:
    key = {"idempotency-key": "once-only"}
    before = api.get("/readyz").json()["people"]
    asked = {"profile": PROFILE, "limit": 3}
    first, again = (api.post("/v1/recommendations", json=asked, headers=key) for _ in range(2))
    other = api.post("/v1/recommendations", json={**asked, "limit": 4}, headers=key)
    unkeyed = api.post("/v1/recommendations", json=asked)
    people = api.get("/readyz").json()["people"]
    me = first.json()["user_id"]
    gone = [api.delete(f"/v1/users/{me}", headers={"idempotency-key": "away"}).status_code for _ in range(2)]
    late = api.post("/v1/recommendations", json=asked, headers=key)
    api.delete(f"/v1/users/{unkeyed.json()['user_id']}")

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert unkeyed.json()["user_id"] != me
    assert people == before + 2
    assert gone == [204, 204]
    assert late.status_code == 410


def test_a_repeated_write_after_a_restart_is_about_the_same_person(tmp_path: Path) -> None:
    world = a_small_world(tmp_path)
    world.publish()
    key, found = {"idempotency-key": "again-after-restart"}, []
    for _ in range(2):
        with TestClient(create_app(world.parts, SETTINGS)) as api:
            found.append(api.post("/v1/recommendations", json={"profile": PROFILE}, headers=key).json()["user_id"])

    assert found[0] == found[1]


def test_a_repeated_write_does_not_bring_back_who_was_deleted_by_command(world: SmallWorld, api: TestClient) -> None:
    key, asked = {"idempotency-key": "once"}, {"profile": {**PROFILE, "user_id": "ann"}}
    api.post("/v1/recommendations", json=asked, headers=key)
    until(lambda: world.store.get([UserId("ann")]))
    world.store.delete([UserId("ann")])  # by another process
    until(lambda: api.get("/v1/users/ann/similar").status_code == 404)

    until(lambda: api.post("/v1/recommendations", json=asked, headers=key).status_code == 410)
    assert api.get("/v1/users/ann/similar").status_code == 404


def test_nor_does_it_bring_back_who_was_deleted_while_no_server_ran(world: SmallWorld) -> None:
    key, asked = {"idempotency-key": "once"}, {"profile": {**PROFILE, "user_id": "ann"}}
    with TestClient(create_app(world.parts, SETTINGS)) as api:
        api.post("/v1/recommendations", json=asked, headers=key)
        until(lambda: world.store.get([UserId("ann")]))
    world.store.delete([UserId("ann")])

    with TestClient(create_app(world.parts, SETTINGS)) as api:
        assert api.post("/v1/recommendations", json=asked, headers=key).status_code == 410
