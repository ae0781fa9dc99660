"""A person lets Soundalike read their library, and takes that back."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from features.errors import (
    SpotifyError,
    SpotifyForbidden,
    SpotifyLoginNeeded,
    SpotifyNotConfigured,
    SpotifyUnavailable,
)
from features.spotify.login import Login
from features.spotify.login_begun import MOST_EACH
from tests.fakes.spotify import Answer, cut, late
from tests.fakes.spotify.answers import bad_gateway, not_json, premium_required, rate_limited, token_error
from tests.features.spotify.login_world import ANN, ANNS, BOB, BOBS, Desk, a_desk, settings_of


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as desk:
        yield desk


def test_who_agrees_is_logged_in_in_their_browser_and_in_no_other(desk: Desk) -> None:
    assert desk.login.who(ANNS) is None

    assert desk.logs_in("ann", ANNS) == ANN

    assert (desk.login.who(ANNS), desk.login.who(BOBS)) == (ANN, None)
    assert desk.fake.tokens.access(f"Bearer {desk.login.tokens.access_token(ANN)}").person == "ann"


def test_the_browser_is_sent_with_a_challenge_a_long_state_and_just_the_scopes_to_read(desk: Desk) -> None:
    asked = parse_qs(urlsplit(desk.login.begin(ANNS)).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 43
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/v1/spotify/callback"]
    assert set(asked["scope"][0].split()) == {
        *("playlist-read-private", "playlist-read-collaborative", "user-library-read"),
        *("user-top-read", "user-follow-read"),
    }
    assert "client_secret" not in asked
    assert parse_qs(urlsplit(desk.login.begin(ANNS)).query)["state"] != asked["state"]


def test_a_login_outlasts_a_restart_in_its_midst_and_is_seen_by_all_workers(desk: Desk) -> None:
    url = desk.login.begin(ANNS)
    desk.restart()
    assert desk.login.finish(ANNS, **desk.agrees(url)) == ANN

    worker = desk.another()
    assert worker.who(ANNS) == ANN
    worker.disconnect(ANNS)
    assert desk.login.who(ANNS) is None
    worker.close()


def refused(desk: Desk, session: str, brought: dict[str, str]) -> SpotifyError:
    with pytest.raises(SpotifyError) as caught:
        desk.login.finish(session, **brought)
    return caught.value


def test_what_another_browser_brings_is_no_login_and_is_used_up(desk: Desk) -> None:
    brought = desk.agrees(desk.login.begin(ANNS))

    assert isinstance(refused(desk, BOBS, brought), SpotifyLoginNeeded)
    assert isinstance(refused(desk, ANNS, brought), SpotifyLoginNeeded)
    assert (desk.login.who(ANNS), desk.login.who(BOBS)) == (None, None)
    assert desk.refreshes() == 0


def test_a_login_cannot_be_finished_twice(desk: Desk) -> None:
    brought = desk.agrees(desk.login.begin(ANNS))
    desk.login.finish(ANNS, **brought)

    assert "done already" in refused(desk, ANNS, brought).what
    assert desk.login.who(ANNS) == ANN


def test_a_login_takes_ten_minutes_at_most(desk: Desk) -> None:
    slow, slower = desk.agrees(desk.login.begin(ANNS)), desk.agrees(desk.login.begin(ANNS))
    desk.clock.passes(minutes=9, seconds=59)
    desk.login.finish(ANNS, **slow)
    desk.clock.passes(seconds=1)

    assert "10 minutes" in refused(desk, ANNS, slower).what


@pytest.mark.parametrize("state", ["", "made-up", "\ud800", "x" * 100_000])
def test_a_state_that_was_never_handed_out_is_none(desk: Desk, state: str) -> None:
    desk.login.begin(ANNS)

    assert refused(desk, ANNS, {"state": state, "code": "code"}).http_status == 401


def test_who_declines_is_told_what_else_there_is(desk: Desk) -> None:
    desk.fake.denies = True
    brought = desk.agrees(desk.login.begin(ANNS))
    error = refused(desk, ANNS, brought)

    assert isinstance(error, SpotifyLoginNeeded)
    assert "export" in error.mend
    assert desk.login.who(ANNS) is None
    assert "done already" in refused(desk, ANNS, brought).what


def test_an_error_that_is_brought_along_is_not_repeated(desk: Desk) -> None:
    state = desk.agrees(desk.login.begin(ANNS))["state"]
    error = refused(desk, ANNS, {"state": state, "error": "<script>", "code": "x"})

    assert isinstance(error, SpotifyUnavailable)
    assert "script" not in str(error)


def test_a_browser_that_brings_neither_code_nor_error_is_not_waited_for(desk: Desk) -> None:
    for nothing in ({}, {"code": ""}, {"error": ""}):
        state = desk.agrees(desk.login.begin(ANNS))["state"]
        assert isinstance(refused(desk, ANNS, {"state": state, **nothing}), SpotifyUnavailable)


def test_a_code_that_spotify_did_not_give_for_this_login_is_none(desk: Desk) -> None:
    bobs = desk.agrees(desk.login.begin(BOBS), "bob")
    anns = desk.agrees(desk.login.begin(ANNS), "ann")

    assert isinstance(refused(desk, ANNS, {"state": anns["state"], "code": bobs["code"]}), SpotifyLoginNeeded)
    assert desk.login.who(ANNS) is None


def test_a_session_that_can_be_guessed_is_none(desk: Desk) -> None:
    for session in ("", "ann"):
        with pytest.raises(SpotifyLoginNeeded, match="cookies"):
            desk.login.begin(session)
        assert desk.login.who(session) is None
        assert desk.login.disconnect(session) is None
    brought = desk.agrees(desk.login.begin(ANNS))
    with pytest.raises(SpotifyLoginNeeded, match="cookies"):
        desk.login.finish(ANNS, **brought, becomes="ann")


def test_a_session_that_somebody_planted_is_worth_nothing_after_the_login(desk: Desk) -> None:
    fresh = "a-fresh-session-for-ann"
    desk.login.finish(ANNS, **desk.agrees(desk.login.begin(ANNS)), becomes=fresh)

    assert (desk.login.who(ANNS), desk.login.who(fresh)) == (None, ANN)


def test_several_tabs_may_log_in_but_not_ever_so_many(desk: Desk) -> None:
    bobs = desk.login.begin(BOBS)
    urls = []
    for _ in range(MOST_EACH + 1):
        urls.append(desk.login.begin(ANNS))
        desk.clock.passes(seconds=1)

    assert "done already" in refused(desk, ANNS, desk.agrees(urls[0])).what
    for url in urls[1:]:
        assert desk.login.finish(ANNS, **desk.agrees(url)) == ANN
    assert desk.login.finish(BOBS, **desk.agrees(bobs, "bob")) == BOB


def test_logins_that_are_begun_and_left_do_not_pile_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.spotify.login_begun.MOST", 3)
    urls = {}
    for number in range(4):
        session = f"session-of-somebody-{number}"
        urls[session] = desk.login.begin(session)
        desk.clock.passes(seconds=1)

    first, *others = urls
    assert "done already" in refused(desk, first, desk.agrees(urls[first])).what
    for session in others:
        assert desk.login.finish(session, **desk.agrees(urls[session])) == ANN


def test_who_disconnects_is_forgotten_in_all_their_browsers_and_nobody_else(desk: Desk) -> None:
    desk.logs_in("ann", ANNS)
    desk.logs_in("ann", "session-of-anns-telephone")
    desk.logs_in("bob", BOBS)
    begun = desk.agrees(desk.login.begin(ANNS))

    assert desk.login.disconnect(ANNS) == ANN

    assert (desk.login.who(ANNS), desk.login.who("session-of-anns-telephone"), desk.login.who(BOBS)) == (
        None,
        None,
        BOB,
    )
    assert "done already" in refused(desk, ANNS, begun).what
    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)
    assert desk.login.disconnect(ANNS) is None
    assert desk.login.disconnect_user(BOB)
    assert not desk.login.disconnect_user(BOB)


@pytest.mark.parametrize("becomes", [None, "a-fresh-session-for-bob"])
def test_who_logs_in_in_anothers_browser_takes_it_over_and_the_other_leaves_nothing_there(
    desk: Desk, becomes: str | None
) -> None:
    desk.logs_in("ann", ANNS)
    desk.login.finish(ANNS, **desk.agrees(desk.login.begin(ANNS), "bob"), becomes=becomes)

    assert desk.login.who(becomes or ANNS) == BOB
    assert desk.login.who(ANNS) != ANN
    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)


def test_who_logs_in_anew_in_a_browser_stays_logged_in_in_the_others(desk: Desk) -> None:
    desk.logs_in("ann", BOBS)
    desk.logs_in("ann", ANNS)
    desk.login.finish(ANNS, **desk.agrees(desk.login.begin(ANNS)), becomes="a-fresh-session-for-ann")

    assert [desk.login.who(each) for each in (ANNS, BOBS, "a-fresh-session-for-ann")] == [None, ANN, ANN]


@pytest.mark.parametrize(
    ("path", "fault", "kind"),
    [
        ("POST /api/token", cut(), SpotifyUnavailable),
        ("POST /api/token", cut(10), SpotifyUnavailable),
        ("POST /api/token", bad_gateway(), SpotifyUnavailable),
        ("POST /api/token", not_json(), SpotifyUnavailable),
        ("POST /api/token", Answer(200, {}), SpotifyUnavailable),
        ("POST /api/token", Answer(200, []), SpotifyUnavailable),
        ("POST /api/token", Answer(400, []), SpotifyUnavailable),
        ("POST /api/token", Answer(200, {"access_token": "x", "expires_in": "soon"}), SpotifyUnavailable),
        ("POST /api/token", Answer(200, {"access_token": "x", "expires_in": 60}), SpotifyUnavailable),
        ("POST /api/token", Answer(307, "", {"Location": "http://127.0.0.1:9/"}), SpotifyUnavailable),
        ("POST /api/token", rate_limited(), SpotifyUnavailable),
        ("POST /api/token", token_error("invalid_client", "Invalid client"), SpotifyNotConfigured),
        ("POST /api/token", late(0.3), SpotifyUnavailable),
        ("GET /v1/me", cut(), SpotifyUnavailable),
        ("GET /v1/me", bad_gateway(), SpotifyUnavailable),
        ("GET /v1/me", not_json(), SpotifyUnavailable),
        ("GET /v1/me", Answer(200, {"id": "../../etc"}), SpotifyUnavailable),
        ("GET /v1/me", Answer(200, []), SpotifyUnavailable),
        ("GET /v1/me", Answer(400, {"error": "text"}), SpotifyError),
        ("GET /v1/me", rate_limited(), SpotifyUnavailable),
        ("GET /v1/me", premium_required(), SpotifyForbidden),
    ],
)
def test_whatever_spotify_answers_is_told_and_nobody_is_logged_in(
    desk: Desk, path: str, fault: Answer, kind: type[SpotifyError]
) -> None:
    desk.restart(timeout_s=0.1 if "late" in repr(fault).lower() else 10.0)
    desk.fake.fail(path, fault)
    brought = desk.agrees(desk.login.begin(ANNS))

    assert isinstance(refused(desk, ANNS, brought), kind)
    assert desk.login.who(ANNS) is None
    desk.restart()  # with time to answer in
    assert desk.logs_in() == ANN


def test_who_is_not_on_the_apps_list_is_told_so(desk: Desk) -> None:
    desk.fake.allow("bob")

    assert isinstance(refused(desk, ANNS, desk.agrees(desk.login.begin(ANNS))), SpotifyForbidden)


def test_without_an_app_nobody_can_log_in(desk: Desk, tmp_path: Path) -> None:
    login = Login(settings_of(desk.fake, client_id=None), tmp_path)

    with pytest.raises(SpotifyNotConfigured, match="SOUNDALIKE_SPOTIFY_CLIENT_ID"):
        login.begin(ANNS)
    login.close()


def test_an_account_whose_id_has_changed_is_one_person(desk: Desk) -> None:
    for number, name in enumerate(("ann", "anna")):
        desk.fake.fail("GET /v1/me", Answer(200, {"id": name, "account_id": "one"}))
        desk.logs_in(session=f"session-of-anns-number-{number}")

    assert desk.login.who("session-of-anns-number-0") is None
    assert desk.login.who("session-of-anns-number-1") == "anna"


def test_an_id_that_has_passed_to_somebody_else_opens_nothing_to_who_had_it(desk: Desk) -> None:
    for session, account in ((ANNS, "one"), (BOBS, "two")):
        desk.fake.fail("GET /v1/me", Answer(200, {"id": "music-lover", "account_id": account}))
        desk.logs_in(session=session)

    assert (desk.login.who(ANNS), desk.login.who(BOBS)) == (None, "music-lover")
