"""What most tests of this room begin with: a small world with a published index, and its API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from retriever.app import create_app
from tests.small_world import SETTINGS, SmallWorld, a_small_world


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    world = a_small_world(tmp_path)
    world.publish()
    return world


@pytest.fixture
def api(world: SmallWorld) -> Iterator[TestClient]:
    with TestClient(create_app(world.parts, SETTINGS), raise_server_exceptions=False) as client:
        yield client
