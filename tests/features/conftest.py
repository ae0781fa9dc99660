"""An outbox, and a store to deliver to; tests of a store that is on disk have their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.outbox import Outbox
from tests.fakes.stores import MemoryFeatureStore


@pytest.fixture
def outbox_path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(outbox_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(outbox_path)
    yield outbox
    outbox.close()


@pytest.fixture
def store() -> MemoryFeatureStore:
    return MemoryFeatureStore()
