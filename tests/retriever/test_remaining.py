import pytest

from retriever import remaining
from retriever.remaining import time_left


def test_of_for_ever_for_ever_is_left() -> None:
    assert time_left(None)() is None


def test_less_and_less_is_left_and_in_the_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 100.0, 102.0, 105.0, 109.0])
    monkeypatch.setattr(remaining.time, "monotonic", lambda: next(times))
    left = time_left(5.0)

    assert [left(), left(), left(), left()] == [5.0, 3.0, 0.0, 0.0]
