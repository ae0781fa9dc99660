"""For the tests of the page: what Streamlit's test runner leaves behind is taken away again."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Streamlit puts its script in the place of ``__main__``, which other processes would load, and mutes Uvicorn."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.access", "uvicorn.error")]
    before = [(each.level, each.propagate, list(each.handlers)) for each in loggers]
    yield
    for each, (level, propagate, handlers) in zip(loggers, before, strict=True):
        each.setLevel(level)
        each.propagate, each.handlers = propagate, handlers
