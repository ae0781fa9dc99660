import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.access.memory import BoundedMemory
from retriever.access.rates import Throttle, over_quota_headers, ratelimit_headers
from tests.retriever.access.toy import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_throttle(clock: Clock, rate: str = "3/minute", name: str = "requests", max_times: int = 1000) -> Throttle:
    return Throttle(name, rate, BoundedMemory(max_times, clock.seconds))


def test_as_many_as_the_limit_are_allowed_and_not_one_more(clock: Clock) -> None:
    throttle = a_throttle(clock)
    standings = [throttle.take("ann") for _ in range(5)]

    assert [(each.is_allowed, each.left) for each in standings] == [
        (True, 2), (True, 1), (True, 0), (False, 0), (False, 0),
    ]  # fmt: skip


def test_the_window_moves_so_that_each_request_makes_room_when_it_is_over(clock: Clock) -> None:
    throttle = a_throttle(clock)
    for _ in range(3):
        throttle.take("ann")
        clock.move(10)

    assert throttle.take("ann").reset_s == 30
    clock.move(29)
    assert not throttle.take("ann").is_allowed
    clock.move(1)
    assert throttle.take("ann").is_allowed
    assert not throttle.take("ann").is_allowed
    clock.move(10)
    assert throttle.take("ann").is_allowed


def test_everybody_has_a_quota_of_his_own_and_so_has_every_kind_of_request(clock: Clock) -> None:
    memory = BoundedMemory(clock=clock.seconds)
    requests, writes = Throttle("requests", "1/minute", memory), Throttle("writes", "1/minute", memory)

    assert requests.take("ann").is_allowed
    assert requests.take("bob").is_allowed
    assert writes.take("ann").is_allowed
    assert not requests.take("ann").is_allowed


def test_the_headers_have_the_form_of_the_draft(clock: Clock) -> None:
    standings = [a_throttle(clock, "600/minute").take("ann"), a_throttle(clock, "5/hour", "writes").take("ann")]
    clock.move(0.5)

    assert ratelimit_headers(standings) == {
        "RateLimit-Policy": '"requests";q=600;w=60, "writes";q=5;w=3600',
        "RateLimit": '"requests";r=599;t=60, "writes";r=4;t=3600',
    }
    assert over_quota_headers(standings)["Retry-After"] == "3600"


def test_who_waits_as_told_is_let_in(clock: Clock) -> None:
    throttle = a_throttle(clock, "2/second")
    throttle.take("ann")
    clock.move(0.999)
    throttle.take("ann")
    refused = throttle.take("ann")

    assert not refused.is_allowed
    assert over_quota_headers([refused])["Retry-After"] == "1"
    clock.move(1)
    assert throttle.take("ann").is_allowed


@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from("ab")), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit_and_nobody_is_refused_without_need(
    asked: list[tuple[float, str]], limit: int
) -> None:
    clock = Clock()
    throttle = a_throttle(clock, f"{limit}/minute")
    let_in: dict[str, list[float]] = {"a": [], "b": []}
    for pause, who in asked:
        clock.move(pause)
        now = clock.seconds()
        recent = [moment for moment in let_in[who] if moment > now - 60]
        standing = throttle.take(who)
        assert standing.is_allowed == (len(recent) < limit)
        if standing.is_allowed:
            let_in[who].append(now)
            assert standing.left == limit - len(recent) - 1


def test_memory_is_bounded_however_many_addresses_ask(clock: Clock) -> None:
    memory = BoundedMemory(1000, clock.seconds)
    throttle = Throttle("requests", "600/minute", memory)
    for number in range(5000):
        throttle.take(f"address {number}")
        assert memory.held <= 1000

    assert len(memory._windows) <= 1000


def test_who_asks_all_the_time_is_remembered_while_others_are_forgotten(clock: Clock) -> None:
    throttle = a_throttle(clock, "20/minute", max_times=100)
    allowed = []
    for number in range(1000):
        clock.move(0.001)
        throttle.take(f"address {number}")
        allowed.append(throttle.take("ann").is_allowed)

    assert allowed == [True] * 20 + [False] * 980


def test_who_has_not_asked_for_a_window_is_forgotten_by_and_by(clock: Clock) -> None:
    memory = BoundedMemory(1000, clock.seconds)
    throttle = Throttle("requests", "600/minute", memory)
    for number in range(500):
        throttle.take(f"address {number}")
    clock.move(61)
    throttle.take("ann")

    assert memory.held == len(memory._windows) == 1


def test_what_was_refused_leaves_nothing_behind(clock: Clock) -> None:
    memory = BoundedMemory(1000, clock.seconds)
    throttle = Throttle("requests", "1/minute", memory)
    for _ in range(50):
        throttle.take("ann")

    assert memory.held == 1


def test_the_storage_does_what_the_library_asks_of_one(clock: Clock) -> None:
    memory = BoundedMemory(clock=clock.seconds)
    assert memory.get_moving_window("a", 3, 60) == (clock.seconds(), 0)
    assert not memory.acquire_entry("a", 3, 60, amount=4)
    assert memory.acquire_entry("a", 3, 60, amount=3)
    assert memory.get_moving_window("a", 3, 60) == (clock.seconds(), 3)
    clock.move(60)
    assert memory.get_moving_window("a", 3, 60) == (clock.seconds(), 0)
    assert memory.acquire_entry("a", 3, 60, amount=3)

    memory.clear("a")
    memory.clear("nobody")
    assert memory.held == 0
    memory.acquire_entry("a", 3, 60)
    assert (memory.reset(), memory.held, memory.check()) == (1, 0, True)
    assert memory.get_moving_window("a", 3, 60) == (clock.seconds(), 0)
    assert BoundedMemory().clock is time.time
