import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.errors import IndexInUse
from retriever.app import create_app
from retriever.observe.metrics import Metrics
from tests.small_world import SETTINGS, SmallWorld


def test_all_is_opened_when_the_application_starts_and_let_go_of_when_it_ends(world: SmallWorld) -> None:
    opened: list[Any] = []

    def parts(metrics: Metrics) -> Any:
        opened.append(world.parts(metrics))
        return opened[-1]

    app, name = create_app(parts, SETTINGS), world.catalog.live().name
    assert opened == []
    with TestClient(app) as api:
        assert api.get("/readyz").status_code == 200
        with pytest.raises(IndexInUse):
            world.catalog.open(name)
    assert len(opened) == 1
    world.catalog.open(name).close()


def test_nothing_is_closed_while_the_server_still_warms_up(world: SmallWorld) -> None:
    done: list[str] = []
    is_ending = threading.Event()

    def warm_up() -> None:
        is_ending.wait(10)
        time.sleep(0.3)  # long enough for whoever does not wait
        done.append("warm")

    def parts(metrics: Metrics) -> Any:
        whole = world.parts(metrics)
        return replace(whole, warm_up=warm_up, close=lambda: (done.append("closed"), whole.close()))

    with TestClient(create_app(parts, SETTINGS)):
        is_ending.set()
    assert done == ["warm", "closed"]
