"""What a client meets while a store hangs, and how the process ends then."""

from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient

from features.outbox import Outbox
from features.profile import UserId
from retriever.app import create_app
from retriever.observe.metrics import Metrics
from tests.faults import Hanging
from tests.retriever.troubled import join, must_be_unavailable
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until


def test_a_store_that_hangs_keeps_nobody_waiting_but_those_who_ask_it(world: SmallWorld) -> None:
    hanging = Hanging(world.store)
    settings = SETTINGS.model_copy(update={"store_timeout_s": 2})

    def parts(metrics: Metrics) -> Any:
        return world.parts(metrics, settings=settings, store=hanging)

    with TestClient(create_app(parts, settings), raise_server_exceptions=False) as api:
        hanging.released.clear()
        try:
            must_be_unavailable(api.get("/v1/users/person-0"))
            assert join(api, "newcomer").status_code == 200
            assert api.delete("/v1/users/person-1").status_code == 204
            assert api.get("/v1/users/newcomer/similar").status_code == 200
            assert api.get("/readyz").json()["status"] == "degraded"
        finally:
            hanging.released.set()
        until(lambda: api.get("/readyz").json()["waiting"] == 0)

    assert world.store.get([UserId("newcomer"), UserId("person-1")]).keys() == {"newcomer"}


def test_a_store_that_hangs_does_not_hold_up_the_end_and_what_waits_for_it_is_kept(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("retriever.parts.STOP_WITHIN_S", 0.3)
    hanging, settings = Hanging(world.store), SETTINGS.model_copy(update={"store_timeout_s": 2})

    def parts(metrics: Metrics) -> Any:
        return world.parts(metrics, settings=settings, store=hanging)

    with TestClient(create_app(parts, settings)) as api:
        hanging.released.clear()
        assert join(api, "newcomer").status_code == 200
        until(lambda: "upsert" in hanging.held)

    assert "hangs; this process ends without it" in caplog.text
    with closing(Outbox(world.folder / "outbox.db")) as outbox:
        assert outbox.get([UserId("newcomer")])
    hanging.released.set()
    until(lambda: world.store.get([UserId("newcomer")]))


def test_more_requests_than_the_service_can_hold_are_told_to_come_again(world: SmallWorld) -> None:
    hanging = Hanging(world.store)
    settings = SETTINGS.model_copy(update={"max_requests_at_once": 1, "request_timeout_s": 0.2})

    def parts(metrics: Metrics) -> Any:
        return world.parts(metrics, settings=settings, store=hanging)

    with TestClient(create_app(parts, settings), raise_server_exceptions=False) as api:
        hanging.released.clear()
        answer = api.get("/v1/users/person-0")
        hanging.released.set()

        must_be_unavailable(answer)
        assert answer.json()["code"] == "overloaded"
        until(lambda: api.get("/v1/users/person-0").status_code == 200)
