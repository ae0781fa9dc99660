import threading
import time
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient

from indexer.errors import IndexInUse
from retriever.app import create_app
from retriever.observe.metrics import Metrics
from tests.builders import WordEncoder
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


@pytest.mark.parametrize("is_wanted", [True, False])
def test_the_text_model_is_loaded_as_the_server_starts_unless_it_is_to_wait(world: SmallWorld, is_wanted: bool) -> None:
    encoder = Mock(WordEncoder(), wraps=WordEncoder())
    settings = SETTINGS.model_copy(update={"warm_up": is_wanted})
    with TestClient(create_app(lambda metrics: world.parts(metrics, settings, encoder=encoder), settings)):
        pass
    assert encoder.warm_up.called is is_wanted


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
