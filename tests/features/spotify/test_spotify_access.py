"""What Spotify lets the app read is asked, never assumed."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path

import pytest

from features.errors import SpotifyRateLimited, SpotifyUnavailable
from features.profile import UserId
from features.spotify.access import ASKED_AGAIN_S, FAILED_FOR_S, Access, KnownAccess
from tests.fakes.spotify import Answer, FakeSpotify, a_world, cut
from tests.fakes.spotify import answers as told
from tests.features.spotify.reading_world import Clock, spotify_of


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(a_world()) as fake:
        yield fake


@pytest.mark.parametrize(
    ("fault", "mode"),
    [
        (None, "extended"),
        (told.forbidden(), "dev"),
        (told.not_found(), "dev"),
        (told.error(410, "Gone"), "dev"),
        (told.premium_required(), "none"),
        (told.token_invalid(), "none"),
        (told.bad_request(), "none"),
    ],
)
def test_one_request_tells_the_mode(fake: FakeSpotify, tmp_path: Path, fault: Answer | None, mode: str):
    if fault is not None:
        fake.fail("GET /v1/users/spotify/playlists", fault, times=99)
    with spotify_of(fake, tmp_path) as spotify:
        access = spotify.access()
    assert access.mode == mode
    assert access.why.endswith(".")
    assert {path for _, path in fake.asked("GET")} == {"/v1/users/spotify/playlists?limit=1&offset=0"}


def test_development_mode_is_found_out(fake: FakeSpotify, tmp_path: Path):
    fake.mode = "dev"
    with spotify_of(fake, tmp_path) as spotify:
        assert spotify.access().mode == "dev"


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_without_credentials_there_is_none_and_nobody_is_asked(fake: FakeSpotify, tmp_path: Path, missing: str):
    with spotify_of(fake, tmp_path, **{missing: None}) as spotify:
        assert spotify.access().mode == "none"
    assert fake.requests == []


def test_credentials_that_are_refused_are_none(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path, client_secret="wrong") as spotify:
        assert spotify.access().mode == "none"
        assert "does not accept the app" in spotify.access().why
    assert fake.asked("GET") == []


@pytest.mark.parametrize("fault", [cut(), told.server_error(), told.rate_limited(900), told.quota_exceeded()])
def test_an_outage_says_nothing_and_it_is_asked_again(fake: FakeSpotify, tmp_path: Path, fault: Answer):
    clock = Clock()
    fake.fail("GET", fault, times=4)
    with spotify_of(fake, tmp_path, clock) as spotify:
        with pytest.raises(SpotifyUnavailable):
            spotify.access()
        fake.clear()
        clock.now += 3600
        assert spotify.access().mode == "extended"


def test_the_mode_is_remembered_for_an_hour_and_asked_again_when_in_doubt():
    clock, asked = Clock(), []

    def ask() -> Access:
        asked.append(clock.now)
        return Access("dev", "So it is.")

    known = KnownAccess(ask, clock=clock)
    for _ in range(3):
        known()
    assert len(asked) == 1
    clock.now += ASKED_AGAIN_S + 1
    known()
    known.doubt()
    known()
    assert len(asked) == 3


class Hanging:
    """A Spotify that is asked, and answers nothing until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_asked, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> Access:
        self.asked += 1
        self.is_asked.set()
        assert self.may_end.wait(30)
        raise SpotifyRateLimited("no answer", retry_after_s=7)


def outcome(known: Callable[[], Access]) -> SpotifyUnavailable:
    with pytest.raises(SpotifyRateLimited) as caught:
        known()
    assert caught.value.retry_after_s == 7
    return caught.value


def test_a_failure_is_told_to_all_who_waited_and_remembered_for_some_seconds():
    clock, spotify = Clock(), Hanging()
    known = KnownAccess(spotify, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(outcome, known) for _ in range(8)]
        assert spotify.is_asked.wait(30)
        spotify.may_end.set()
        errors = [each.result(30) for each in waiting]
    assert len({id(error) for error in errors}) == 8  # each one its own: they are raised in threads of their own
    clock.now += FAILED_FOR_S - 1
    outcome(known)
    assert spotify.asked == 1
    clock.now += 1
    outcome(known)
    assert spotify.asked == 2


@pytest.mark.parametrize("was_known", [False, True])
def test_while_it_is_asked_again_after_a_failure_nobody_else_waits(was_known: bool):
    clock, spotify, answers = Clock(), Hanging(), [Access("dev", "So it is.")] if was_known else []
    known = KnownAccess(lambda: answers.pop() if answers else spotify(), clock=clock)
    if was_known:
        known()
        clock.now += ASKED_AGAIN_S + 1
    spotify.may_end.set()
    outcome(known)
    clock.now += FAILED_FOR_S
    spotify.is_asked.clear()
    spotify.may_end.clear()
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(outcome, known)
        assert spotify.is_asked.wait(30)
        pool.submit(outcome, known).result(20)
        assert not asking.done()
        spotify.may_end.set()
    assert spotify.asked == 2


def test_after_an_answer_an_earlier_failure_is_told_nobody():
    clock, spotify = Clock(), Hanging()
    answers = iter([failing, lambda: Access("dev", "So it is."), spotify])

    def probe() -> Access:
        return next(answers)()

    known = KnownAccess(probe, clock=clock)
    outcome(known)
    clock.now += FAILED_FOR_S
    known()
    clock.now += ASKED_AGAIN_S + 1
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(outcome, known)
        assert spotify.is_asked.wait(30)
        waiting = pool.submit(outcome, known)
        with pytest.raises(FutureTimeout):
            waiting.result(0.3)
        spotify.may_end.set()
        asking.result(30)
        waiting.result(30)


def failing() -> Access:
    raise SpotifyRateLimited("no answer", retry_after_s=7)


def test_it_is_not_asked_for_those_who_wait_no_longer(fake: FakeSpotify, tmp_path: Path):
    def step(_what: str, _done: int, _total: int) -> None:
        raise TimeoutError

    with spotify_of(fake, tmp_path) as spotify:
        with pytest.raises(TimeoutError):
            spotify.profiles.read(UserId("ann"), on_step=step)
        assert fake.requests == []
        assert spotify.access().mode == "extended"
