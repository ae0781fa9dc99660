"""Questions by what is liked, also those that nobody in particular asks, over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from retriever.app import create_app
from tests.small_world import SETTINGS, SmallWorld, a_small_world

PROFILE: dict[str, Any] = {
    "user_id": "newcomer",
    "playlists": [{"name": "p", "tracks": [{"artist": f"Scene 0 artist {number}"} for number in range(6)]}],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SmallWorld:
    world = a_small_world(tmp_path_factory.mktemp("world"))
    world.publish()
    return world


@pytest.fixture(scope="module")
def api(world: SmallWorld) -> Iterator[TestClient]:
    with TestClient(create_app(world.parts, SETTINGS)) as client:
        yield client


def ask(api: TestClient, **asked: Any) -> dict[str, Any]:
    answer = api.post("/v1/recommendations", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [person["user_id"] for person in answer["recommendations"]]


def scene_of(user_id: str) -> int:
    return int(user_id.removeprefix("person-")) % 4


@pytest.mark.parametrize("scene", range(4))
def test_without_an_asker_the_people_who_share_what_is_liked_come_first_and_share_it(
    api: TestClient, scene: int
) -> None:
    liked = [f"SCENE {scene} artist {number}" for number in (3, 5)]

    answer = ask(api, like={"artists": liked, "users": [f"person-{scene}"]}, limit=5)

    assert {scene_of(user_id) for user_id in ids(answer)} == {scene}
    assert f"person-{scene}" not in ids(answer)
    shared = [person["shared_artists"] for person in answer["recommendations"]]
    assert all(shared)
    assert set(liked) & {artist for artists in shared for artist in artists}
    assert f"genre {scene}" in answer["recommendations"][0]["shared_genres"]
    assert all(0 < person["confidence"] < 1 for person in answer["recommendations"])


def test_nobody_in_particular_has_no_id_and_is_not_remembered(api: TestClient) -> None:
    people = api.get("/readyz").json()["people"]

    answer = ask(api, like={"artists": ["Scene 1 artist 3"]}, remember=True)

    assert (answer["user_id"], answer["coverage"], answer["stored"]) == (None, None, False)
    assert api.get("/readyz").json()["people"] == people


def test_one_person_who_is_liked_is_answered_as_if_they_asked(api: TestClient) -> None:
    nobody, somebody = ask(api, like={"users": ["person-5"]}), ask(api, user_id="person-5")

    assert ids(nobody) == ids(somebody)
    for told, known in zip(nobody["recommendations"], somebody["recommendations"], strict=True):
        assert told["similarity"] == pytest.approx(known["similarity"], abs=1e-5)
        assert set(told["shared_artists"]) == set(known["shared_artists"])
        assert told["confidence"] == known["confidence"]
    assert nobody["discoveries"] == somebody["discoveries"]


def test_nobody_in_particular_narrows_and_varies_as_others_do(api: TestClient) -> None:
    like = {"artists": ["Scene 1 artist 3"]}
    plain = ask(api, like=like, limit=8)

    assert ids(ask(api, like=like, limit=8, exclude=[ids(plain)[0]]))[0] == ids(plain)[1]
    assert ids(ask(api, like=like, source=["nowhere"])) == []
    assert set(ids(ask(api, like=like, limit=8, diversity=0.9))) != set(ids(plain))
    away = ask(api, like=like, unlike={"artists": ["Scene 1 artist 5"]}, limit=8)
    assert ids(away) != ids(plain)


def test_in_a_batch_nobody_in_particular_may_ask_too(api: TestClient) -> None:
    like = {"artists": ["Scene 2 artist 3"]}

    (result,) = api.post("/v1/recommendations:batch", json={"asks": [{"like": like}]}).json()["results"]

    assert result == {"answer": ask(api, like=like), "problem": None}


@pytest.mark.parametrize(
    "asked", [{}, {"like": {}}, {"like": {"users": [], "artists": []}}, {"unlike": {"users": ["a"]}}]
)
def test_nobody_who_likes_nothing_is_told_to_say_what(api: TestClient, asked: dict[str, Any]) -> None:
    answer = api.post("/v1/recommendations", json=asked)

    assert answer.status_code == 422
    assert "something to like" in answer.json()["detail"]


def test_what_is_liked_or_not_is_no_discovery(api: TestClient) -> None:
    def discovered(**more: Any) -> set[str]:
        answer = ask(api, profile=PROFILE, remember=False, **more)
        return {found["artist"] for found in answer["discoveries"]}

    one, other = sorted(discovered())[:2]

    assert not {one, other} & discovered(like={"artists": [one.upper()]}, unlike={"artists": [other]})


def test_a_question_that_cannot_be_answered_takes_nobody_in(api: TestClient, world: SmallWorld) -> None:
    answer = api.post("/v1/recommendations", json={"profile": PROFILE, "like": {"users": ["nobody"]}})

    assert answer.status_code == 404
    assert api.get("/v1/users/newcomer").status_code == 404
    assert api.get("/v1/users/newcomer/similar").status_code == 404


@pytest.mark.parametrize("artist", ["", " ", "\u3000", "a\u0000b", "a\nb", "x" * 513, 5, None])
def test_what_is_no_name_of_an_artist_cannot_be_liked(api: TestClient, artist: object) -> None:
    answer = api.post("/v1/recommendations", json={"user_id": "person-0", "like": {"artists": [artist]}})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "like.artists.0"
