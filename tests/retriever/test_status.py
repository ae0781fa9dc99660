from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from features.errors import StoreError
from features.outbox import Depth
from retriever.courier import Courier
from retriever.parts import Parts
from tests.faults import Breakable
from tests.small_world import SETTINGS, SmallWorld


@pytest.fixture
def store(world: SmallWorld) -> Breakable:
    return Breakable(world.store)


@pytest.fixture
def parts(world: SmallWorld, store: Breakable) -> Iterator[Parts]:
    parts = world.parts(settings=SETTINGS.model_copy(update={"follow_every_s": 60}), store=store)
    yield parts
    parts.close()


def a_new_version_cannot_be_opened(parts: Parts, _store: Breakable, _patch: pytest.MonkeyPatch) -> None:
    parts.live.trouble = "trouble"


def a_delivery_is_refused(parts: Parts, _store: Breakable, _patch: pytest.MonkeyPatch) -> None:
    (courier,) = [part for part in parts.background if isinstance(part, Courier)]
    courier.trouble = "trouble"


def the_outbox_cannot_be_read(parts: Parts, _store: Breakable, patch: pytest.MonkeyPatch) -> None:
    def broken() -> Depth:
        raise StoreError("trouble")

    patch.setattr(parts.outbox, "depth", broken)


def the_store_is_down(_parts: Parts, store: Breakable, _patch: pytest.MonkeyPatch) -> None:
    store.is_broken = True


def test_all_is_well_where_nothing_is_wrong(parts: Parts) -> None:
    ready = parts.statuses.readiness()

    assert (ready.status, ready.reasons, ready.waiting) == ("ready", (), 0)


@pytest.mark.parametrize(
    "happens",
    [a_new_version_cannot_be_opened, a_delivery_is_refused, the_outbox_cannot_be_read, the_store_is_down],
    ids=lambda happens: str(happens.__name__),
)
def test_what_is_wrong_is_told_while_questions_are_answered(
    parts: Parts, store: Breakable, monkeypatch: pytest.MonkeyPatch, happens: Callable[..., None]
) -> None:
    happens(parts, store, monkeypatch)

    ready = parts.statuses.readiness()

    assert ready.status == "degraded"
    assert any("trouble" in reason or "disk" in reason for reason in ready.reasons)


def test_it_is_told_how_long_the_oldest_write_has_waited(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.outbox, "depth", lambda: Depth(2, datetime.now(UTC) - timedelta(seconds=90)))

    assert 90 <= parts.statuses.status().outbox.oldest_s < 1000
    assert 90 <= parts.statuses.state().outbox_oldest_s["features"] < 1000


def test_a_store_that_is_not_asked_any_more_shows_in_the_metrics(parts: Parts, store: Breakable) -> None:
    assert parts.statuses.state().breakers_open == {"features": False, "index": False}
    store.is_broken = True
    for _ in range(10):
        parts.statuses.readiness()

    assert parts.statuses.state().breakers_open == {"features": True, "index": False}
