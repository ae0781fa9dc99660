"""What else can be asked over HTTP: examples, filters, variety, pages, two people, many questions at once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from features.listener import listener_of
from features.profile import TasteProfile
from retriever.app import create_app
from retriever.errors import StaleCursor
from tests.builders import NOW, a_community
from tests.faults import Breakable
from tests.small_world import SETTINGS, SmallWorld, a_small_world
from tests.waiting import until

PROFILE: dict[str, Any] = {
    "playlists": [{"name": "p", "tracks": [{"artist": f"Scene 0 artist {number}"} for number in range(6)]}]
}


def scene_of(user_id: str) -> int:
    return int(user_id.split("-")[1]) % 4


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SmallWorld:
    world = a_small_world(tmp_path_factory.mktemp("world"))
    first, second, third = a_community(3)
    others = [
        first.model_copy(update={"user_id": "csv-0", "source": "exportify"}),
        second.model_copy(update={"user_id": "csv-1", "source": "exportify"}),
    ]
    narrow = TasteProfile(user_id="narrow-0", source="test", playlists=third.playlists[:1])
    later = datetime(2027, 1, 1, tzinfo=UTC)
    world.store.upsert(world.builder.build([*map(listener_of, others)], now=later, consent=True))
    world.store.upsert(world.builder.build([listener_of(narrow)], now=NOW, consent=True))
    world.publish()
    return world


@pytest.fixture(scope="module")
def store(world: SmallWorld) -> Breakable:
    return Breakable(world.store)


@pytest.fixture(scope="module")
def api(world: SmallWorld, store: Breakable) -> Iterator[TestClient]:
    with TestClient(create_app(lambda metrics: world.parts(metrics, store=store), SETTINGS)) as client:
        yield client


def ask(api: TestClient, **more: Any) -> dict[str, Any]:
    asked = {"profile": PROFILE, "remember": False, **more} if "user_id" not in more else more
    answer = api.post("/v1/recommendations", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [person["user_id"] for person in answer["recommendations"]]


def mean_place(answer: dict[str, Any], scene: int) -> float:
    others = [user_id for user_id in ids(answer) if user_id not in {"person-2", "person-6"}]
    places = [place for place, user_id in enumerate(others) if "person" in user_id and scene_of(user_id) == scene]
    return sum(places) / len(places)


@pytest.mark.parametrize(
    "example", [{"artists": ["Scene 2 artist 1", "Scene 2 artist 2"]}, {"users": ["person-2", "person-6"]}]
)
def test_what_is_liked_comes_nearer_and_what_is_not_moves_away(api: TestClient, example: dict[str, Any]) -> None:
    plain, liked, unliked = (
        mean_place(ask(api, limit=100, **more), 2) for more in ({}, {"like": example}, {"unlike": example})
    )

    assert liked < plain < unliked


def test_who_is_liked_or_not_is_not_recommended(api: TestClient) -> None:
    answer = ask(api, limit=100, like={"users": ["person-1"]}, unlike={"users": ["person-2"]})

    assert len(ids(answer)) == 41
    assert {"person-1", "person-2"}.isdisjoint(ids(answer))


def test_somebody_unknown_cannot_be_liked(api: TestClient) -> None:
    answer = api.post("/v1/recommendations", json={"user_id": "person-0", "like": {"users": ["nobody"]}})

    assert answer.status_code == 404
    assert "nobody" in answer.json()["detail"]


def test_only_people_of_a_source_of_a_size_or_of_late_are_found(api: TestClient) -> None:
    assert set(ids(ask(api, source=["exportify"]))) == {"csv-0", "csv-1"}
    assert ids(ask(api, source=["nowhere"])) == []
    assert "narrow-0" in ids(ask(api, limit=100))
    assert "narrow-0" not in ids(ask(api, limit=100, min_artists=9))
    assert set(ids(ask(api, active_since="2026-12-31T00:00:00Z"))) == {"csv-0", "csv-1"}
    assert ids(ask(api, active_since="2026-12-31T00:00:00Z", exclude=["csv-0"])) == ["csv-1"]
    both = ask(api, source=["exportify"], exclude=["csv-1"], user_id="csv-0")
    assert ids(both) == []


def test_the_same_filters_hold_for_people_who_are_known(api: TestClient) -> None:
    def similar(query: str) -> list[str]:
        return ids(api.get(f"/v1/users/person-0/similar?limit=100&{query}").json())

    assert set(similar("source=exportify")) == {"csv-0", "csv-1"}
    assert len(similar("source=exportify&source=test")) == 42
    assert "narrow-0" not in similar("min_artists=9")
    assert set(similar("active_since=2026-12-31T00:00:00Z")) == {"csv-0", "csv-1"}


def test_nobody_can_be_narrowed_down_to_and_listed_by_discoveries(api: TestClient) -> None:
    crowd = [f"person-{number}" for number in range(40)]
    four, five = ([who for who in crowd if who not in crowd[:many]] for many in (4, 5))
    narrowed = [{"source": ["exportify"]}, {"exclude": [*four, "csv-0", "csv-1", "narrow-0"]}]

    assert [ask(api, **narrow)["discoveries"] for narrow in narrowed] == [[], []]
    of_five = ask(api, exclude=[*five, "csv-0", "csv-1", "narrow-0"])["discoveries"]
    assert {found["people"] for found in of_five} <= {1, 2, 3, 4, 5}
    assert of_five


def test_variety_names_the_most_similar_first_and_then_others_than_similarity_alone(api: TestClient) -> None:
    plain, varied = ask(api, limit=8), ask(api, limit=8, diversity=0.9)

    assert ids(varied)[0] == ids(plain)[0]
    assert set(ids(varied)) != set(ids(plain))
    assert ids(ask(api, limit=8, diversity=0)) == ids(plain)
    known = api.get("/v1/users/person-0/similar?limit=8&diversity=0.9").json()
    assert ids(known) != ids(api.get("/v1/users/person-0/similar?limit=8").json())
    then = api.get(f"/v1/users/person-0/similar?limit=8&diversity=0.9&cursor={known['next_cursor']}").json()
    together = api.get("/v1/users/person-0/similar?limit=16&diversity=0.9").json()
    assert ids(known) + ids(then) == ids(together)


def test_page_by_page_everybody_comes_once_and_in_order(api: TestClient) -> None:
    everybody = api.get("/v1/users/person-0/similar?limit=100").json()
    found, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/v1/users/person-0/similar?limit=10{cursor and f'&cursor={cursor}'}").json()
        found += page["recommendations"]
        cursor = page["next_cursor"]

    assert found == everybody["recommendations"]
    assert everybody["next_cursor"] is None
    assert len(found) == 42


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=nonsense", 404),
        ("cursor=MTBAdXNlcnMtdjktYjE", 410),  # 10@users-v9-b1
        ("diversity=2", 422),
        ("diversity=nan", 422),
        ("active_since=2026-01-01T00:00:00", 422),
        ("active_since=yesterday", 422),
        ("min_artists=-1", 422),
        ("source=", 422),
        ("limit=1&limit=2", 422),
        ("limit=1_0", 422),
        ("limit=", 422),
        ("diversity=%200.5", 422),
    ],
)
def test_what_cannot_be_asked_of_a_list_is_told(api: TestClient, query: str, status: int) -> None:
    answer = api.get(f"/v1/users/person-0/similar?{query}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"] == StaleCursor.code) == (status == 410)


@pytest.mark.parametrize(
    "more",
    [
        {"like": {"artists": [" "]}},
        {"like": {"artists": ["a"] * 51}},
        {"like": {"people": ["a"]}},
        {"exclude": ["a/b"]},
        {"exclude": ["a"] * 1001},
        {"active_since": "2026-01-01T00:00:00"},
        {"diversity": 1.1},
        {"source": [""]},
        {"min_artists": "9"},
    ],
)
def test_what_cannot_be_asked_is_told(api: TestClient, more: dict[str, Any]) -> None:
    answer = api.post("/v1/recommendations", json={"user_id": "person-0", **more})

    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_every_answer_of_the_index_names_its_model_and_its_index(api: TestClient) -> None:
    answers = [
        api.get("/v1/users/person-0/similar"),
        api.get("/v1/users/person-0/compatibility/person-1"),
        api.post("/v1/recommendations", json={"user_id": "person-0"}),
    ]

    for answer in answers:
        assert (answer.headers["soundalike-model"], answer.headers["soundalike-index"]) == ("3", "users-v3-b1")
        assert (answer.json()["model_version"], answer.json()["index"]) == (3, "users-v3-b1")


def test_two_people_fit_alike_from_both_sides(api: TestClient) -> None:
    one = api.get("/v1/users/person-0/compatibility/person-4").json()
    other = api.get("/v1/users/person-4/compatibility/person-0").json()

    assert one["one"] == other["other"]
    assert one["other"] == other["one"]
    for name in ("score", "similarity", "percentile", "confidence", "towers", "shared_artists", "shared_genres"):
        assert one[name] == other[name], name
    assert one["eras"]["overlap"] == other["eras"]["overlap"]
    assert one["shared_artists"]
    near = api.get("/v1/users/person-0/similar?limit=100").json()["recommendations"]
    (about,) = [person for person in near if person["user_id"] == "person-4"]
    assert about["similarity"] == pytest.approx(one["similarity"], abs=2e-6)


def test_everybody_fits_themselves_and_nobody_fits_nobody(api: TestClient) -> None:
    oneself = api.get("/v1/users/person-0/compatibility/person-0").json()
    assert (oneself["score"], oneself["one"]["only"], oneself["other"]["only"]) == (100, [], [])
    assert api.get("/v1/users/person-0/compatibility/nobody").status_code == 404
    assert api.get("/v1/users/nobody/compatibility/person-0").status_code == 404


def test_with_the_feature_store_down_people_who_are_known_are_answered_from_the_index(
    api: TestClient, store: Breakable
) -> None:
    whole = ask(api, user_id="person-0")
    store.is_broken = True
    answer = ask(api, user_id="person-0")
    limited = api.post("/v1/recommendations", json={"user_id": "person-0", "top_artists": 1})
    nobody = api.post("/v1/recommendations", json={"user_id": "nobody"})
    store.is_broken = False
    until(lambda: api.get("/v1/users/person-0").status_code == 200)

    assert answer == whole
    assert limited.status_code == 503
    assert nobody.status_code == 404
