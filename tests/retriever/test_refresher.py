import logging
from collections.abc import Callable

import pytest

from features.errors import StoreError
from retriever.refresher import Refresher
from tests.small_world import SmallWorld, a_small_world


def failing(*errors: Exception | None) -> Callable[[], None]:
    """Fails in turn with each of ``errors``; None is a success."""
    waiting = list(errors)

    def refresh() -> None:
        error = waiting.pop(0)
        if error is not None:
            raise error

    return refresh


def test_why_it_fails_is_told_until_it_does_not(caplog: pytest.LogCaptureFixture):
    away = StoreError("Hopsworks cannot be reached.", "Check the network.")
    refresher = Refresher(60, failing(None, away, away, None))
    troubles = []
    with caplog.at_level(logging.ERROR):
        for _ in range(4):
            refresher.step()
            troubles.append(refresher.trouble)
    said = "Hopsworks cannot be reached. Check the network."
    assert troubles == [None, said, said, None]
    assert [record.getMessage() for record in caplog.records] == [f"cannot refresh: {said}"]  # once, not each time


def test_a_bug_does_not_end_it_and_is_told_by_its_kind_only():
    refresher = Refresher(60, failing(KeyError("somebody")))
    try:
        refresher.step()
    except KeyError as error:
        refresher.failed(error)
    assert refresher.trouble == "refreshing failed: KeyError"


@pytest.fixture
def world(tmp_path) -> SmallWorld:
    world = a_small_world(tmp_path)
    world.publish()
    return world


def test_a_store_that_cannot_be_refreshed_is_degraded_and_said_why(world: SmallWorld):
    away = StoreError("Hopsworks cannot be reached.")
    parts = world.parts(refresh=failing(away))
    try:
        (refresher,) = [part for part in parts.background if isinstance(part, Refresher)]
        assert parts.statuses.readiness().status == "ready"
        refresher.step()
        ready = parts.statuses.readiness()
        assert (ready.status, ready.reasons) == ("degraded", ("Hopsworks cannot be reached.",))
    finally:
        parts.close()


def test_the_stores_are_compared_only_after_a_refresh(world: SmallWorld):
    asked: list[str] = []
    parts = world.parts(refresh=lambda: asked.append("refresh"))
    try:
        parts.reconciler.compare()
        assert asked == ["refresh"]
        parts.reconciler.mend()
        assert asked == ["refresh", "refresh"]
    finally:
        parts.close()


def test_nothing_is_mended_by_an_old_state_of_the_store(world: SmallWorld):
    parts = world.parts(refresh=failing(StoreError("Hopsworks cannot be reached.")))
    try:
        with pytest.raises(StoreError, match="cannot be reached"):
            parts.reconciler.mend()
        assert world.store.count() == 40
    finally:
        parts.close()


def test_a_store_on_this_disk_is_not_refreshed(world: SmallWorld):
    parts = world.parts()
    try:
        assert not any(isinstance(part, Refresher) for part in parts.background)
    finally:
        parts.close()
