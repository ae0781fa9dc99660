import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.delivery import Delivered
from features.outbox import Outbox
from features.profile import UserId
from retriever.courier import Courier, Pace
from tests.builders import a_playlist, a_profile, features_of
from tests.fakes.stores import MemoryFeatureStore
from tests.faults import Breakable
from tests.waiting import until

PACE = Pace(every_s=0.01, longest_wait_s=0.1)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "outbox.db")
    yield outbox
    outbox.close()


@pytest.fixture
def store() -> Breakable:
    return Breakable(MemoryFeatureStore())


@pytest.fixture
def told() -> list[Delivered]:
    return []


@pytest.fixture
def courier(outbox: Outbox, store: Breakable, told: list[Delivered]) -> Iterator[Courier]:
    courier = Courier(outbox, store, PACE, on_delivery=lambda done, _seconds: told.append(done))
    courier.start()
    yield courier
    courier.stop()


def put(outbox: Outbox, user_id: str) -> None:
    outbox.put(features_of(a_profile(user_id, a_playlist("p", "Air")))[0])


def test_what_is_put_arrives_and_deletions_do_too(
    outbox: Outbox, store: Breakable, courier: Courier, told: list[Delivered]
) -> None:
    put(outbox, "ann")
    until(lambda: store.count() == 1)
    outbox.remove(UserId("ann"))
    until(lambda: store.count() == 0)

    until(lambda: sum(done.deleted for done in told) == 1)  # told once the outbox is wiped
    assert sum(done.written for done in told) == 1
    assert outbox.depth().waiting == 0
    assert Delivered() not in told  # a look at an empty outbox is no delivery


def test_what_comes_together_is_delivered_together(outbox: Outbox, store: Breakable) -> None:
    for number in range(20):
        put(outbox, f"p{number}")
    courier = Courier(outbox, store, PACE)

    assert courier.deliver().written == 20
    assert store.asked == 1


def test_a_store_that_refuses_is_tried_again_and_its_return_is_noticed(
    outbox: Outbox, store: Breakable, courier: Courier
) -> None:
    store.is_broken = True
    put(outbox, "ann")
    until(lambda: courier.trouble is not None)
    assert courier.trouble == "The disk is gone."
    store.is_broken = False

    until(lambda: outbox.depth().waiting == 0)
    until(lambda: courier.trouble is None)
    assert store.count() == 1


def test_a_courier_that_waits_for_very_long_ends_at_once_when_it_is_told_to(
    outbox: Outbox, store: Breakable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda _low, high: high)  # of the jittered waits, the longest
    courier = Courier(outbox, store, Pace(every_s=10_000, longest_wait_s=10_000))
    store.is_broken = True
    put(outbox, "ann")
    step = threading.Thread(target=courier.step, daemon=True)
    step.start()
    until(lambda: courier.trouble is not None)
    courier.stopping.set()
    step.join(60)

    assert not step.is_alive()
    assert outbox.depth().waiting == 1


def test_however_long_a_store_refuses_it_is_tried_again_in_time(outbox: Outbox, store: Breakable) -> None:
    courier = Courier(outbox, store, Pace(every_s=0.01, longest_wait_s=0.02))
    store.is_broken = True
    put(outbox, "ann")
    courier.start()

    until(lambda: store.asked >= 30)  # with nothing to bound the waits, the thirtieth try would come after a year
    assert courier.stop(60)


def test_one_reason_is_logged_once(
    outbox: Outbox, store: Breakable, courier: Courier, caplog: pytest.LogCaptureFixture
) -> None:
    store.is_broken = True
    put(outbox, "ann")
    until(lambda: store.asked >= 5)
    store.is_broken = False
    until(lambda: outbox.depth().waiting == 0)

    assert [record.getMessage() for record in caplog.records] == ["cannot deliver: The disk is gone."]


def test_a_bug_in_a_store_does_not_end_the_deliveries(outbox: Outbox, store: Breakable, courier: Courier) -> None:
    store.error = ZeroDivisionError  # type: ignore[assignment]
    store.is_broken = True
    put(outbox, "ann")
    until(lambda: courier.trouble is not None)
    assert courier.trouble == "delivering failed: ZeroDivisionError"
    store.is_broken = False

    until(lambda: store.count() == 1)
    until(lambda: courier.trouble is None)


def test_what_waits_longer_than_the_courier_lives_is_delivered_by_the_next_one(
    outbox: Outbox, store: Breakable
) -> None:
    first = Courier(outbox, store, PACE)
    store.is_broken = True
    first.start()
    put(outbox, "ann")
    until(lambda: first.trouble is not None)
    first.stop()
    store.is_broken = False

    second = Courier(outbox, store, PACE)
    second.start()
    until(lambda: store.count() == 1)
    second.stop()
