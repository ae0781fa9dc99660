"""How long Spotify is waited for."""

import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SpotifyRateLimited
from features.spotify.patience import Patience, rate_limited, retry_after_in
from tests.features.spotify.reading_world import Clock


def test_an_open_gate_is_passed_at_once():
    clock = Clock()
    assert Patience(clock.gate(), 0).turn() == clock.now
    assert clock.slept == []


def test_a_closed_gate_is_waited_for():
    clock = Clock()
    gate = clock.gate()
    gate.refused(7, asked_at=clock.now)
    assert Patience(gate, 20).turn() == 1007
    assert clock.slept == [7]


def test_a_reading_waits_no_longer_than_it_may_all_in_all():
    clock = Clock()
    patience = Patience(clock.gate(), 20)
    for _ in range(2):
        patience.gate.refused(9, asked_at=clock.now)
        patience.turn()
    patience.gate.refused(9, asked_at=clock.now)
    with pytest.raises(SpotifyRateLimited) as refused:
        patience.turn()
    assert refused.value.retry_after_s == 9
    assert clock.slept == [9, 9]


def test_another_reading_does_not_knock_at_a_gate_that_is_closed_for_hours():
    clock = Clock()
    gate = clock.gate()
    gate.refused(79_892, asked_at=clock.now)
    with pytest.raises(SpotifyRateLimited, match="23 hours") as refused:
        Patience(gate, 20).turn()
    assert refused.value.retry_after_s == 79_892
    assert clock.slept == []


def test_threads_that_wait_together_are_counted_once():
    clock = Clock()
    gate = clock.gate()
    patience = Patience(gate, 10)
    wait = threading.Event()
    gate.sleep = lambda _seconds: wait.wait(10)  # type: ignore[assignment]
    gate.refused(6, asked_at=clock.now)
    trouble: list[BaseException] = []

    def turn() -> None:
        try:
            patience.turn()
        except SpotifyRateLimited as error:
            trouble.append(error)

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    clock.now += 6
    wait.set()
    for thread in threads:
        thread.join(10)
    assert trouble == []


def test_where_spotify_does_not_say_how_long_it_is_guessed_longer_every_time():
    clock = Clock()
    patience = Patience(clock.gate(), 1000)
    for _ in range(6):
        patience.gate.refused(None, asked_at=clock.now)
        patience.turn()
    assert clock.slept == [2, 4, 8, 16, 32, 32]
    patience.gate.answered()
    patience.gate.refused(None, asked_at=clock.now)
    patience.turn()
    assert clock.slept[-1] == 2


def test_requests_that_were_refused_together_are_one_refusal():
    clock = Clock()
    patience = Patience(clock.gate(), 1000)
    for _ in range(4):
        patience.gate.refused(None, asked_at=clock.now)
    patience.turn()
    assert clock.slept == [2]


def test_a_wait_of_nothing_is_a_second():
    clock = Clock()
    patience = Patience(clock.gate(), 3.5)
    for _ in range(3):
        patience.gate.refused(0, asked_at=clock.now)
        patience.turn()
    assert clock.slept == [1, 1, 1]
    patience.gate.refused(0, asked_at=clock.now)
    with pytest.raises(SpotifyRateLimited):
        patience.turn()


@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), max_size=20), st.floats(0, 100))
def test_never_is_slept_longer_than_allowed(refusals: list[int | None], allowed: float):
    clock = Clock()
    patience = Patience(clock.gate(), allowed)
    with suppress(SpotifyRateLimited):
        for seconds in refusals:
            patience.gate.refused(seconds, asked_at=clock.now)
            patience.turn()
    assert sum(clock.slept) <= allowed + 1e-6


@pytest.mark.parametrize(("seconds", "words"), [(0, "1 s"), (59, "59 s"), (600, "10 minutes"), (79_892, "23 hours")])
def test_a_wait_is_told_as_people_tell_it(seconds: int, words: str):
    assert f"for {words}." in rate_limited(seconds).what


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        *(("5", 5), (" 79892 ", 79_892), ("0", 0), ("1.5", 2), ("9" * 30, 7 * 24 * 3600)),
        *(("", None), ("soon", None), ("-1", None), ("nan", None), ("inf", None)),
        *(("Wed, 21 Oct 2015 07:28:00 GMT", None), ("Fri, 01 Jan 2100 00:00:00 GMT", 7 * 24 * 3600)),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_or_nothing(told: str, seconds: int | None):
    assert retry_after_in({"Retry-After": told}) == seconds
    assert retry_after_in({}) is None
