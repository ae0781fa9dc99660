"""What tests of repeated requests begin with: a ledger on disk that can be opened again, and a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retriever.access.idempotency import Idempotent
from tests.retriever.access.repeated import TTL
from tests.retriever.access.toy import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Idempotent]]:
    """Opens the same home again and again, as restarts would."""
    found: list[Idempotent] = []

    def open_it(max_bytes: int = 2**20) -> Idempotent:
        found.append(Idempotent(tmp_path, ttl=TTL, max_bytes=max_bytes, clock=clock))
        return found[-1]

    yield open_it
    for each in found:
        each.close()


@pytest.fixture
def idempotent(opened: Callable[..., Idempotent]) -> Idempotent:
    return opened()
