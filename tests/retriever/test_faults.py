"""What a client meets while a store is down, hangs, or comes back."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from features.profile import UserId
from retriever.app import create_app
from retriever.observe.metrics import Metrics
from tests.builders import WordEncoder
from tests.faults import Breakable, BreakableCatalog
from tests.retriever.troubled import PROFILE, join, must_be_unavailable
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until


@pytest.fixture
def store(world: SmallWorld) -> Breakable:
    return Breakable(world.store)


@pytest.fixture
def catalog(world: SmallWorld) -> BreakableCatalog:
    return BreakableCatalog(world.catalog)


@pytest.fixture
def api(world: SmallWorld, store: Breakable, catalog: BreakableCatalog) -> Iterator[TestClient]:
    def parts(metrics: Metrics) -> Any:
        return world.parts(metrics, store=store, artists=Breakable(world.store.catalog), catalog=catalog)

    with TestClient(create_app(parts, SETTINGS), raise_server_exceptions=False) as client:
        yield client
        store.is_broken = catalog.is_broken = False


def test_with_the_feature_store_down_people_are_recommended_and_writes_are_kept(
    api: TestClient, store: Breakable, world: SmallWorld
) -> None:
    store.is_broken = True

    assert join(api, "newcomer").status_code == 200
    assert api.get("/v1/users/newcomer/similar").status_code == 200
    assert api.get("/v1/users/newcomer").json()["user_id"] == "newcomer"
    assert api.delete("/v1/users/person-3").status_code == 204
    assert api.get("/v1/users/person-3/similar").status_code == 404
    assert api.get("/v1/users/person-0/similar").status_code == 200
    must_be_unavailable(api.get("/v1/users/person-0"))
    ready = api.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["waiting"]) == (200, "degraded", 2)
    until(lambda: "The disk is gone." in api.get("/readyz").text)
    assert 'soundalike_outbox_waiting{store="features"} 2.0' in api.get("/metrics").text
    assert world.store.get([UserId("newcomer")]) == {}

    store.is_broken = False
    until(lambda: api.get("/readyz").json()["status"] == "ready")
    until(lambda: api.get("/readyz").json()["waiting"] == 0)

    assert world.store.get([UserId("newcomer"), UserId("person-3")]).keys() == {"newcomer"}


def test_what_a_store_that_was_down_had_to_wait_for_arrives_in_its_newest_state(
    api: TestClient, store: Breakable, world: SmallWorld
) -> None:
    store.is_broken = True
    join(api, "back-and-forth")
    api.delete("/v1/users/back-and-forth")
    assert api.get("/v1/users/back-and-forth").status_code == 404
    assert api.delete("/v1/users/back-and-forth").status_code == 404
    join(api, "to-stay")
    api.delete("/v1/users/to-stay")
    join(api, "to-stay")
    store.is_broken = False
    until(lambda: api.get("/readyz").json()["waiting"] == 0)

    assert world.store.get([UserId("back-and-forth"), UserId("to-stay")]).keys() == {"to-stay"}
    assert api.get("/v1/users/back-and-forth/similar").status_code == 404
    assert api.get("/v1/users/to-stay/similar").status_code == 200


def test_a_store_that_is_down_is_left_alone(api: TestClient, store: Breakable) -> None:
    store.is_broken = True
    until(lambda: api.get("/v1/users/person-0").json()["detail"].endswith("for a while."))
    asked = store.asked

    for _ in range(100):
        must_be_unavailable(api.get("/v1/users/person-0"))

    assert store.asked - asked <= 10  # the courier, the follower and the breaker's trials, over a second or two


def test_with_the_index_down_the_process_lives_is_not_ready_and_comes_back_by_itself(
    api: TestClient, catalog: BreakableCatalog
) -> None:
    catalog.is_broken = True

    for _ in range(10):
        must_be_unavailable(api.get("/v1/users/person-0/similar"))
    must_be_unavailable(join(api, "newcomer"))
    assert api.get("/healthz").status_code == 200
    assert 'soundalike_breaker_open{store="index"} 1.0' in api.get("/metrics").text
    red = api.get("/readyz")
    assert (red.status_code, red.json()["status"]) == (503, "not ready")
    assert api.delete("/v1/users/person-5").status_code == 204

    catalog.is_broken = False
    until(lambda: api.get("/readyz").status_code == 200)

    assert api.get("/v1/users/person-5/similar").status_code == 404
    near = api.get("/v1/users/person-1/similar?limit=100").json()["recommendations"]
    assert "person-5" not in {person["user_id"] for person in near}


def test_a_question_that_fails_once_does_not_take_the_index_away(api: TestClient, catalog: BreakableCatalog) -> None:
    openings = catalog.openings
    catalog.is_broken = True
    must_be_unavailable(api.get("/v1/users/person-0/similar"))
    catalog.is_broken = False

    assert api.get("/v1/users/person-0/similar").status_code == 200
    assert catalog.openings == openings


def test_a_write_that_fails_at_the_index_is_made_up_for_before_it_answers_again(
    api: TestClient, catalog: BreakableCatalog, world: SmallWorld
) -> None:
    catalog.is_broken = True
    must_be_unavailable(join(api, "half-written"))
    catalog.is_broken = False
    until(lambda: api.get("/readyz").status_code == 200)

    # It was not acknowledged, so either is right, but both stores must say the same.
    found = api.get("/v1/users/half-written/similar").status_code == 200
    assert (api.get("/v1/users/half-written").status_code == 200) == found


def test_who_is_deleted_while_the_index_is_down_is_in_no_answer_that_was_kept(
    api: TestClient, catalog: BreakableCatalog
) -> None:
    nearest = api.get("/v1/users/person-0/similar").json()["recommendations"][0]["user_id"]
    catalog.is_broken = True

    assert api.delete(f"/v1/users/{nearest}").status_code == 204

    must_be_unavailable(api.get("/v1/users/person-0/similar"))


def test_a_request_that_was_answered_with_503_does_not_write_any_more(world: SmallWorld) -> None:
    settings = SETTINGS.model_copy(update={"request_timeout_s": 2})
    begun, go_on, gone_on = threading.Event(), threading.Event(), threading.Event()

    class Slow(WordEncoder):
        def encode(self, texts: Sequence[str]) -> Any:
            if any("slow artist" in text.lower() for text in texts):
                begun.set()
                go_on.wait(60)
                gone_on.set()
            return super().encode(texts)

    def parts(metrics: Metrics) -> Any:
        return world.parts(metrics, settings=settings, encoder=Slow())

    with TestClient(create_app(parts, settings)) as api:
        profile = {**PROFILE, "user_id": "late"}
        answer = api.post("/v1/recommendations", json={"profile": profile, "like": {"artists": ["Slow Artist"]}})
        assert begun.is_set()
        must_be_unavailable(answer)
        api.app.state.opened.workers._deadline_s = 60  # type: ignore[attr-defined] - of all that follow
        go_on.set()
        assert gone_on.wait(60)
        assert join(api, "somebody-else").status_code == 200
        until(lambda: api.get("/v1/users/somebody-else").status_code == 200)
        threading.Event().wait(0.3)

        assert api.get("/v1/users/late/similar").status_code == 404
        assert api.get("/v1/users/late").status_code == 404


def test_who_is_only_in_the_index_can_be_deleted_too(world: SmallWorld) -> None:
    settings = SETTINGS.model_copy(update={"follow_every_s": 60})
    with TestClient(create_app(lambda metrics: world.parts(metrics, settings), settings)) as api:
        world.store.delete([UserId("person-0")])  # by another process, a moment ago

        assert api.delete("/v1/users/person-0").status_code == 204
        assert api.get("/v1/users/person-0/similar").status_code == 404


def test_the_status_tells_versions_ages_counts_and_what_waits(api: TestClient, store: Breakable) -> None:
    features = api.get("/v1/status").json()["features"]
    assert (features["people"], features["age_s"] >= 0) == (40, True)
    store.is_broken = True
    join(api, "newcomer")

    status = api.get("/v1/status").json()

    assert status["status"] == "degraded"
    assert status["model"]["version"] == 3
    assert status["index"]["version"] == "users-v3-b1"
    assert status["index"]["people"] == 41
    assert status["index"]["people_when_built"] == 40
    assert status["index"]["age_s"] >= 0
    assert status["features"] == {"people": None, "text_model": "word-encoder", "changed_at": None, "age_s": None}
    assert status["outbox"]["waiting"] == 1
    assert status["outbox"]["oldest_s"] >= 0


def test_what_was_acknowledged_and_not_delivered_is_delivered_after_a_restart(
    world: SmallWorld, store: Breakable
) -> None:
    def parts(metrics: Metrics) -> Any:
        return world.parts(metrics, store=store)

    with TestClient(create_app(parts, SETTINGS)) as api:
        store.is_broken = True
        assert join(api, "newcomer").status_code == 200
        assert api.delete("/v1/users/person-2").status_code == 204
    store.is_broken = False
    world.publish()  # by another process, which does not know what waits

    with TestClient(create_app(parts, SETTINGS)) as api:
        assert api.get("/v1/users/newcomer/similar").status_code == 200
        assert api.get("/v1/users/person-2/similar").status_code == 404
        until(lambda: api.get("/readyz").json()["waiting"] == 0)

    assert world.store.get([UserId("newcomer"), UserId("person-2")]).keys() == {"newcomer"}
