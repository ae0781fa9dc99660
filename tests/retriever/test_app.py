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
