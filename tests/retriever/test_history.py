import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from features.errors import StoreError
from retriever.app import create_app
from retriever.history import EVERY, KEPT, Historian, History, Sample
from retriever.observe.state import State
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STATE = State(people=40, model_age_s=None, index_age_s=7.5, outbox_waiting={"features": 2})


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path)
    yield history
    history.close()


def a_sample(at: datetime, people: int | None = 1) -> Sample:
    return Sample(at, people, 0, 1.0, 2.0)


def times(history: History) -> list[datetime]:
    return list(history.since(datetime.fromtimestamp(0, UTC)).at)


def test_samples_come_back_by_column_and_oldest_first(history: History) -> None:
    assert times(history) == []
    history.add(a_sample(NOON, people=None))
    history.add(a_sample(NOON - EVERY, people=5))

    told = history.since(NOON - EVERY)
    assert told.at == (NOON - EVERY, NOON)
    assert told.people == (5, None)
    assert (told.outbox_waiting, told.index_age_s, told.model_age_s) == ((0, 0), (1.0, 1.0), (2.0, 2.0))
    assert history.since(NOON).at == (NOON,)


def test_what_is_older_than_ninety_days_goes(history: History) -> None:
    history.add(a_sample(NOON - KEPT - timedelta(seconds=1)))
    history.add(a_sample(NOON - KEPT))
    history.add(a_sample(NOON))

    assert times(history) == [NOON - KEPT, NOON]


def test_a_sample_is_taken_at_the_start_and_every_five_minutes(history: History) -> None:
    clock = Clock()
    historian = Historian(history, lambda: STATE, clock)
    for seconds in (0, 5, 299, 300, 302, 599, 600):
        clock.now = NOON + timedelta(seconds=seconds)
        historian.step()

    assert times(history) == [NOON, NOON + EVERY, NOON + 2 * EVERY]
    told = history.since(NOON)
    assert (told.people[0], told.outbox_waiting[0], told.index_age_s[0], told.model_age_s[0]) == (40, 2, 7.5, None)


def test_a_server_that_is_started_again_and_again_takes_no_more_samples(history: History) -> None:
    clock = Clock()
    for seconds in range(0, 600, 60):
        clock.now = NOON + timedelta(seconds=seconds)
        Historian(history, lambda: STATE, clock).step()

    assert times(history) == [NOON, NOON + EVERY]


@given(st.lists(st.integers(-100_000, 100_000), max_size=20))
def test_however_the_clock_is_set_no_sample_comes_soon_after_another(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int]
) -> None:
    history, clock = History(tmp_path_factory.mktemp("home")), Clock()
    historian = Historian(history, lambda: STATE, clock)
    for each in seconds:
        clock.now = NOON + timedelta(seconds=each)
        historian.step()
        historian.step()
        assert any(timedelta(0) <= clock.now - at < EVERY for at in times(history))
    assert len(times(history)) <= len(seconds)
    history.close()


def test_a_sample_that_cannot_be_taken_is_told_once_and_tried_again(
    history: History, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[State | StoreError] = [StoreError("The outbox is gone."), StoreError("The outbox is gone."), STATE]

    def state() -> State:
        answer = answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    historian = Historian(history, state, Clock())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            historian.step()

    assert caplog.text.count("The outbox is gone.") == 1
    assert times(history) == [NOON]


def test_a_damaged_history_keeps_no_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"no database at all" * 100)
    history = History(tmp_path)
    history.add(a_sample(NOON))

    assert times(history) == [NOON]
    assert (tmp_path / "history.db.damaged").read_bytes().startswith(b"no database")
    history.close()


def test_the_history_is_private_and_outlives_the_server(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add(a_sample(NOON))
    history.close()

    assert (tmp_path / "history.db").stat().st_mode & 0o777 == 0o600
    again = History(tmp_path)
    assert times(again) == [NOON]
    again.close()


def test_the_api_tells_the_history_as_far_back_as_asked(
    world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retriever.history._LOOK_EVERY_S", 0.02)
    now = datetime.now(UTC)
    before = History(tmp_path)
    for hours in (200, 20, 2):
        before.add(a_sample(now - timedelta(hours=hours), people=hours))
    before.close()
    with TestClient(create_app(world.parts, SETTINGS)) as api:
        until(lambda: len(api.get("/v1/status/history").json()["at"]) == 3)
        told = api.get("/v1/status/history").json()

        assert list(told) == ["at", "people", "outbox_waiting", "index_age_s", "model_age_s"]
        assert told["people"] == [20, 2, 40]
        assert told["outbox_waiting"] == [0, 0, 0]
        assert told["model_age_s"][-1] is None
        assert datetime.fromisoformat(told["at"][-1]) >= now.replace(microsecond=0)
        assert api.get("/v1/status/history?hours=3").json()["people"] == [2, 40]
        assert api.get("/v1/status/history?hours=2160").json()["people"] == [200, 20, 2, 40]
        for hours in ("0", "2161", "x"):
            assert api.get(f"/v1/status/history?hours={hours}").status_code == 422
