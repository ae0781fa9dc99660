"""Tokens are refreshed when it is due, by one at a time, and forgotten when they are over."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import SpotifyError, SpotifyLoginNeeded, SpotifyNotConfigured, SpotifyUnavailable, StoreError
from features.spotify.tokens import LASTS
from features.spotify.tokens_file import TOKENS_FILE
from features.spotify.tokens_grant import Grant
from features.spotify.tokens_rows import SESSIONS_EACH
from tests.fakes.spotify import Answer, cut, late
from tests.fakes.spotify.answers import bad_gateway, client_invalid, empty, not_json, rate_limited
from tests.features.spotify.login_world import ANN, ANNS, BOB, BOBS, Desk, a_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as desk:
        desk.logs_in("ann", ANNS)
        desk.fake.clear()
        yield desk


def test_a_token_is_used_for_its_hour_and_not_to_its_last_second(desk: Desk) -> None:
    first = desk.login.tokens.access_token(ANN)
    desk.clock.passes(minutes=58)
    assert desk.login.tokens.access_token(ANN) == first
    assert desk.refreshes() == 0
    desk.clock.passes(minutes=1)

    second = desk.login.tokens.access_token(ANN)

    assert second != first
    assert desk.refreshes() == 1
    assert desk.login.tokens.access_token(ANN) == second


@pytest.mark.parametrize("rotates", [False, True])
def test_refreshing_goes_on_whether_or_not_a_new_refresh_token_comes_with_it(desk: Desk, rotates: bool) -> None:
    desk.fake.rotates = rotates
    tokens = set()
    for _ in range(4):
        desk.clock.passes(hours=1)
        tokens.add(desk.login.tokens.access_token(ANN))
        desk.restart()

    assert len(tokens) == 4
    assert desk.refreshes() == 4


def test_a_token_that_spotify_refuses_before_its_time_is_refreshed_once_for_all(desk: Desk) -> None:
    desk.fake.expire_tokens()
    old = desk.login.tokens.access_token(ANN)

    new = desk.login.tokens.access_token(ANN, refused=old)

    assert new != old
    assert desk.login.tokens.access_token(ANN, refused=old) == new
    assert desk.refreshes() == 1


def together(count: int, work: Callable[[], str]) -> list[str | SpotifyError]:
    begin = threading.Barrier(count)

    def run() -> str | SpotifyError:
        begin.wait(10)
        try:
            return work()
        except SpotifyError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return [future.result(60) for future in [pool.submit(run) for _ in range(count)]]


def test_many_who_want_a_token_at_once_share_one_refresh(desk: Desk) -> None:
    desk.fake.rotates = True
    desk.clock.passes(hours=1)
    desk.fake.latency_s = 0.05

    answers = together(8, lambda: desk.login.tokens.access_token(ANN))

    assert len(set(answers)) == 1
    assert isinstance(answers[0], str)
    assert desk.refreshes() == 1


def test_workers_of_one_home_share_a_refresh_too(desk: Desk) -> None:
    desk.fake.rotates = True  # the second one to refresh with the same token would be logged out
    workers = [desk.another() for _ in range(4)]
    waiting = iter(workers)
    desk.clock.passes(hours=1)
    desk.fake.latency_s = 0.05

    answers = together(4, lambda: next(waiting).tokens.access_token(ANN))

    assert len(set(answers)) == 1
    assert desk.refreshes() == 1
    assert desk.login.who(ANNS) == ANN
    for worker in workers:
        worker.close()


def test_many_who_want_a_token_at_once_share_a_failure_too(desk: Desk) -> None:
    desk.clock.passes(hours=1)
    desk.fake.fail("POST /api/token", late(0.1, bad_gateway()), times=9)

    answers = together(8, lambda: desk.login.tokens.access_token(ANN))

    assert all(isinstance(each, SpotifyUnavailable) for each in answers)
    assert desk.refreshes() < 8


@pytest.mark.parametrize("expired", [False, True])
def test_a_refresh_token_that_is_dead_is_forgotten_and_the_person_has_to_log_in(desk: Desk, expired: bool) -> None:
    desk.logs_in("bob", BOBS)
    desk.clock.passes(hours=1)
    desk.fake.revoke("ann", expired=expired)
    desk.fake.clear()

    for _ in range(2):
        with pytest.raises(SpotifyLoginNeeded, match="Log in again"):
            desk.login.tokens.access_token(ANN)
    assert desk.refreshes() == 1
    assert (desk.login.who(ANNS), desk.login.who(BOBS)) == (None, BOB)
    desk.login.disconnect_user(ANN)
    assert b"ann" not in (desk.home / TOKENS_FILE).read_bytes()
    assert desk.logs_in() == ANN


def test_whose_login_ended_is_told_until_they_are_forgotten_and_be_it_by_the_next_process(desk: Desk) -> None:
    desk.logs_in("bob", BOBS)
    desk.clock.passes(hours=1)
    desk.fake.revoke("ann")
    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)
    desk.restart()
    assert desk.login.tokens.ended() == [ANN]

    assert not desk.login.disconnect_user(ANN)

    assert desk.login.tokens.ended() == []


def test_a_file_from_before_logins_that_ended_were_kept_in_it_goes_on(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.home / TOKENS_FILE)) as connection, connection:
        connection.execute("DROP TABLE ended")
    desk.restart()

    assert desk.login.tokens.ended() == []
    assert desk.login.who(ANNS) == ANN


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (cut(), SpotifyUnavailable),
        (bad_gateway(), SpotifyUnavailable),
        (empty(400), SpotifyUnavailable),
        (not_json(), SpotifyUnavailable),
        (rate_limited(7), SpotifyUnavailable),
        (Answer(500, {"error": "invalid_grant"}), SpotifyUnavailable),
        (Answer(200, {"access_token": ""}), SpotifyUnavailable),
        (client_invalid(), SpotifyNotConfigured),
    ],
)
def test_trouble_on_the_way_forgets_nothing(desk: Desk, fault: Answer, kind: type[SpotifyError]) -> None:
    desk.clock.passes(hours=1)
    desk.fake.fail("POST /api/token", fault)

    with pytest.raises(kind):
        desk.login.tokens.access_token(ANN)
    assert desk.login.who(ANNS) == ANN
    assert desk.login.tokens.access_token(ANN)


def test_spotify_that_cannot_be_reached_forgets_nothing(desk: Desk) -> None:
    desk.clock.passes(hours=1)
    desk.fake.close()

    with pytest.raises(SpotifyUnavailable, match="cannot be reached"):
        desk.login.tokens.access_token(ANN)
    assert desk.login.who(ANNS) == ANN


def test_a_rate_limit_tells_how_long_it_lasts(desk: Desk) -> None:
    for told, seconds in ((rate_limited(7), 7), (rate_limited(None), 60)):
        desk.clock.passes(hours=1)
        desk.fake.fail("POST /api/token", told)
        with pytest.raises(SpotifyUnavailable) as caught:
            desk.login.tokens.access_token(ANN)
        assert caught.value.retry_after_s == seconds


def test_tokens_end_half_a_year_after_the_login_however_often_they_were_refreshed(desk: Desk) -> None:
    for _ in range(2):
        desk.clock.passes(seconds=LASTS.total_seconds() / 2 - 1)
        assert desk.login.tokens.access_token(ANN)
    desk.clock.passes(seconds=2)

    assert desk.login.who(ANNS) is None
    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)
    desk.login.disconnect_user(ANN)
    assert b"ann" not in (desk.home / TOKENS_FILE).read_bytes()


def test_tidying_forgets_what_is_over_and_nothing_else(desk: Desk) -> None:
    desk.clock.passes(days=1)
    desk.logs_in("bob", BOBS)
    desk.login.begin(ANNS)
    assert desk.login.tidy(desk.clock.now) == 0
    desk.clock.now += LASTS - timedelta(days=1)

    assert desk.login.tidy(desk.clock.now) == 1

    assert (desk.login.who(ANNS), desk.login.who(BOBS)) == (None, BOB)
    counts = "SELECT (SELECT count(*) FROM begun), (SELECT count(*) FROM sessions), (SELECT count(*) FROM tokens)"
    with closing(sqlite3.connect(desk.home / TOKENS_FILE)) as connection:
        assert connection.execute(counts).fetchone() == (0, 1, 1)


def test_who_disconnects_with_tokens_that_are_over_is_told_whose_data_is_to_go(desk: Desk) -> None:
    desk.clock.now += LASTS

    assert desk.login.disconnect(ANNS) == ANN


def meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Just before Spotify gets to see a refresh, which is on its way, something else ``happens``."""
    refresh = desk.login._accounts.refresh

    def after_that(grant: Grant) -> Grant:
        happens()
        return refresh(grant)

    monkeypatch.setattr(desk.login._accounts, "refresh", after_that)


def test_who_disconnects_while_a_refresh_is_under_way_stays_disconnected(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.clock.passes(hours=1)
    meanwhile(desk, monkeypatch, lambda: desk.login.disconnect(ANNS))

    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)
    assert desk.refreshes() == 1
    assert desk.login.who(ANNS) is None


@pytest.mark.parametrize("is_dead", [False, True])
def test_who_logs_in_anew_while_the_old_tokens_are_refreshed_keeps_the_new_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_dead: bool
) -> None:
    brought = desk.agrees(desk.login.begin(BOBS), "ann")
    old, old_refresh_token = desk.login.tokens.access_token(ANN), list(desk.fake.tokens._refreshes)[-1]
    if is_dead:
        desk.fake.tokens.retire(old_refresh_token)
    with monkeypatch.context() as patch:
        meanwhile(desk, patch, lambda: desk.login.finish(BOBS, **brought))
        token = desk.login.tokens.access_token(ANN, refused=old)

    assert token == desk.login.tokens.access_token(ANN)
    assert (desk.login.who(ANNS), desk.login.who(BOBS)) == (ANN, ANN)
    desk.fake.tokens.retire(old_refresh_token)
    desk.clock.passes(hours=1)
    assert desk.login.tokens.access_token(ANN)


def test_a_person_is_logged_in_in_many_browsers_but_not_ever_so_many(desk: Desk) -> None:
    sessions = [f"session-of-anns-number-{number:02}" for number in range(SESSIONS_EACH)]
    for session in sessions:
        desk.clock.passes(seconds=1)
        desk.logs_in(session=session)

    assert desk.login.who(ANNS) is None
    assert {desk.login.who(session) for session in sessions} == {ANN}


def test_a_folder_that_cannot_be_locked_in_is_told(desk: Desk) -> None:
    desk.clock.passes(hours=1)
    for number in range(16):
        (desk.home / f"spotify_tokens-{number}.lock").mkdir()

    with pytest.raises(StoreError, match="locked"):
        desk.login.tokens.access_token(ANN)
