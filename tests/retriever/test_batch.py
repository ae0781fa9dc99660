"""A batch of questions and the index that it is asked of."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from features.profile import UserId
from indexer.errors import IndexUnavailable
from retriever.app import create_app
from retriever.batch import Understood, answered, people_in
from retriever.options import Options
from retriever.parts import Parts
from tests.faults import BreakableCatalog
from tests.small_world import SETTINGS, SmallWorld

PROFILE: dict[str, Any] = {
    "playlists": [{"name": "p", "tracks": [{"artist": f"Scene 0 artist {number}"} for number in range(6)]}]
}
KNOWN = Understood(UserId("person-0"), Options(limit=2))
NOBODY = Understood(UserId("nobody"), Options())


@pytest.fixture
def catalog(world: SmallWorld) -> BreakableCatalog:
    return BreakableCatalog(world.catalog)


@pytest.fixture
def parts(world: SmallWorld, catalog: BreakableCatalog) -> Iterator[Parts]:
    parts = world.parts(catalog=catalog)
    yield parts
    parts.close()


def test_a_version_that_is_published_meanwhile_answers_none_of_the_questions(world: SmallWorld, parts: Parts) -> None:
    with parts.service.steady() as (steady, version):
        second = world.publish()
        parts.live.follow()

        answer = steady.recommend_known(UserId("person-0"), Options())

        assert parts.service.recommend_known(UserId("person-0"), Options()).index == second
        assert answer.index == version.name != second


def test_all_questions_of_a_batch_are_answered_by_one_version(world: SmallWorld, parts: Parts) -> None:
    first = parts.live.version.name

    def questions() -> Iterator[Understood]:
        yield KNOWN
        world.publish()
        parts.live.follow()
        yield KNOWN

    results = answered(questions(), [], parts.service, "/here")  # type: ignore[arg-type] - read once, in order

    assert parts.live.version.name != first
    assert {result.answer.index for result in results.results if result.answer} == {results.index} == {first}


def test_a_batch_tells_which_version_answered_even_if_no_question_could_be(parts: Parts) -> None:
    results = answered([NOBODY], [], parts.service, "/here")

    assert (results.model_version, results.index) == (3, "users-v3-b1")
    (result,) = results.results
    assert result.answer is None
    assert result.problem is not None
    assert (result.problem.status, result.problem.instance) == (404, "/here")


def test_an_index_that_fails_is_a_problem_of_the_whole_batch_and_is_noticed(
    parts: Parts, catalog: BreakableCatalog
) -> None:
    catalog.is_broken = True
    for _ in range(5):
        with pytest.raises(IndexUnavailable):
            answered([NOBODY, KNOWN], [], parts.service, "/here")

    assert parts.live.is_down


def test_people_are_taken_in_by_the_answers_that_say_so(parts: Parts) -> None:
    known = parts.service.recommend_known(UserId("person-0"), Options())
    guest = replace(known, user_id=UserId("guest"), stored=False)
    nobody = replace(known, user_id=None, stored=False)

    assert people_in([guest, known, nobody]) == ("person-0",)


def test_over_http_the_headers_name_the_version(world: SmallWorld) -> None:
    with TestClient(create_app(world.parts, SETTINGS)) as api:
        answer = api.post("/v1/recommendations:batch", json={"asks": [{"user_id": "person-0"}]})

    assert (answer.headers["soundalike-model"], answer.headers["soundalike-index"]) == ("3", "users-v3-b1")
    assert (answer.json()["model_version"], answer.json()["index"]) == (3, "users-v3-b1")


def test_many_questions_are_answered_each_for_itself_and_in_order(api: TestClient) -> None:
    endless = {"playlists": [{"tracks": [{"artist": "Air"}] * 1001}]}
    asks = [
        {"user_id": "person-0", "limit": 3},
        {"user_id": "nobody"},
        {"profile": {**PROFILE, "user_id": "guest"}, "remember": False, "limit": 2},
        {"profile": endless, "remember": False},
        {"profile": PROFILE, "remember": False, "like": {"users": ["nobody"]}},
        {"profile": {**PROFILE, "user_id": "other guest"}, "remember": False, "limit": 4},
    ]

    results = api.post("/v1/recommendations:batch", json={"asks": asks}).json()["results"]

    assert [result["problem"] and result["problem"]["code"] for result in results] == [
        None, "unknown-user", None, "profile-too-large", "unknown-user", None,
    ]  # fmt: skip
    assert [result["answer"] and result["answer"]["user_id"] for result in results] == [
        "person-0", None, "guest", None, None, "other guest",
    ]  # fmt: skip
    assert [len(results[place]["answer"]["recommendations"]) for place in (0, 2, 5)] == [3, 2, 4]
    assert results[2]["answer"] == api.post("/v1/recommendations", json=asks[2]).json()


def test_profiles_that_fit_one_by_one_may_be_too_large_together(api: TestClient) -> None:
    half = {"profile": {"playlists": [{"tracks": [{"artist": "Air"}] * 501}]}, "remember": False}

    assert api.post("/v1/recommendations:batch", json={"asks": [half]}).status_code == 200
    answer = api.post("/v1/recommendations:batch", json={"asks": [half, half]})
    assert (answer.status_code, answer.json()["code"]) == (413, "profile-too-large")


def test_the_profiles_of_a_batch_are_encoded_together(api: TestClient) -> None:
    def batches_of_seven() -> float:
        (line,) = [line for line in api.get("/metrics").text.splitlines() if 'batch_profiles_bucket{le="8.0"}' in line]
        (fewer,) = [line for line in api.get("/metrics").text.splitlines() if 'batch_profiles_bucket{le="4.0"}' in line]
        return float(line.split()[1]) - float(fewer.split()[1])

    before = batches_of_seven()
    asks = [{"profile": PROFILE, "remember": False, "limit": 1}] * 7
    assert len(api.post("/v1/recommendations:batch", json={"asks": asks}).json()["results"]) == 7

    assert batches_of_seven() == before + 1


@pytest.mark.parametrize(
    "asks",
    [
        [],
        [{"profile": {"playlists": []}}],
        [{"user_id": "person-0"}] * 101,
        [{}],
        [{"user_id": "a", "colour": 1}],
        None,
    ],
)
def test_a_batch_that_does_not_fit_is_refused_as_a_whole(api: TestClient, asks: object) -> None:
    assert api.post("/v1/recommendations:batch", json={"asks": asks}).status_code == 422
