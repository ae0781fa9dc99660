"""The first page, in every state."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.dashboard.pages import a_page, html_of
from tests.dashboard.stub import a_stub, problem, recommendation, recommendations, status


def asked_with_a_name(stub, **clicks):
    page = a_page("find", stub).run()
    page.segmented_control(key="way").set_value("ListenBrainz").run()
    page.text_input(key="listenbrainz").set_value("rob").run()
    return page.button(key=clicks.get("button", "look")).click().run()


def test_who_only_looks_is_not_remembered():
    stub = a_stub()
    page = asked_with_a_name(stub)
    assert not page.exception
    (body,) = stub.bodies("POST /v1/recommendations")
    assert json.loads(body) == {"listenbrainz": "rob", "limit": 10, "remember": False}


def test_who_joins_says_so_by_a_button_of_its_own():
    stub = a_stub()
    asked_with_a_name(stub, button="join")
    body = json.loads(stub.bodies("POST /v1/recommendations")[0])
    assert (body["remember"], body["leave_code"]) == (True, True)


def test_who_joined_is_shown_their_leave_code_as_long_as_the_page_is_open():
    given = {"POST /v1/recommendations": recommendations(leave_code="me.x")}
    page = asked_with_a_name(a_stub(answers=given), button="join")
    assert "Keep it where you keep passwords" in html_of(page)
    assert "me.x" in [each.value for each in page.run().code]
    assert "Keep it where you keep passwords" not in html_of(asked_with_a_name(a_stub(), button="join"))


def test_what_is_kept_is_said_before_anything_is_asked():
    page = a_page("find", a_stub()).run()
    said = " ".join(each.value for each in page.markdown)
    assert "**Just look** adds nothing of you" in said
    assert "titles of tracks" in said
    assert page.button(key="join").disabled


def test_the_sliders_limit_what_is_used_and_all_is_the_default():
    stub = a_stub()
    page = a_page("find", stub).run()
    assert page.slider(key="count-artists").disabled
    page.segmented_control(key="way").set_value("Spotify link").run()
    page.text_input(key="link").set_value("https://open.spotify.com/user/rob").run()
    page.toggle(key="all-artists").set_value(False).run()
    page.toggle(key="all-playlists").set_value(False).run()
    page.slider(key="count-artists").set_value(3).run()
    page.slider(key="count-playlists").set_value(7).run()
    page.button(key="look").click().run()
    body = json.loads(stub.bodies("POST /v1/recommendations")[0])
    assert (body["top_artists"], body["playlists"]) == (3, 7)
    assert body["spotify_url"] == "https://open.spotify.com/user/rob"


def test_people_are_shown_with_reasons_and_a_percentile():
    page = asked_with_a_name(a_stub(), button="join")
    shown = html_of(page)
    assert "Ada Lindqvist" in shown
    assert "&gt; 99.9 %" in shown or "> 99.9 %" in shown
    assert "cosine 0.900" in shown
    assert "Profile on Spotify" in shown
    assert "New &amp; Loved" in shown


def test_names_with_html_and_markdown_stay_text():
    evil = "<img src=x onerror=alert(1)> **bold** [x](javascript:alert(1))"
    found = [
        recommendation(0, display_name=evil, profile_url="javascript:alert(1)", shared_artists=["<script>x</script>"])
    ]
    stub = a_stub(answers={"POST /v1/recommendations": recommendations(recommendations=found)})
    page = asked_with_a_name(stub, button="join")
    shown = html_of(page)
    assert "<img" not in shown
    assert "<script" not in shown
    assert 'javascript:alert(1)"' not in shown
    label = page.button(key="compare-1").label
    assert "\\[x\\]\\(javascript" in label
    assert "\\<img" in label


def test_who_only_looked_sees_eras_and_that_joining_is_what_a_comparison_needs():
    stub = a_stub(answers={"POST /v1/recommendations": recommendations(stored=False)})
    page = asked_with_a_name(stub)
    shown = html_of(page)
    assert "You only looked" in shown
    assert "join the community" in shown
    assert "you 40%, they 100%" in shown
    assert "Share of listening by decade" in shown
    assert [each.key for each in page.button if each.key and each.key.startswith("compare")] == []
    assert not page.code or "/compare?" not in "".join(each.value for each in page.code)


def test_a_card_of_who_joined_has_a_link_that_opens_the_comparison_of_the_two():
    page = asked_with_a_name(a_stub(), button="join")
    links = [each.value for each in page.code if "/compare?" in each.value]
    assert [link.partition("/compare?")[2] for link in links] == ["a=me&b=u0", "a=me&b=u1", "a=me&b=u2"]
    assert "You only looked" not in html_of(page)


def test_an_error_is_a_sentence_with_a_next_step():
    refused = problem(
        403, "Spotify does not let this app read it.", "Upload your data export.", code="spotify-forbidden"
    )
    page = asked_with_a_name(a_stub(answers={"POST /v1/recommendations": refused}))
    assert not page.exception
    shown = html_of(page)
    assert "Spotify does not let this app read it." in shown
    assert "Upload your data export." in shown


def test_an_api_that_is_down_says_what_to_start():
    stub = a_stub(answers={"GET /v1/status": httpx.ConnectError("refused")})
    page = a_page("find", stub).run()
    assert "make serve" in html_of(page)
    assert page.button(key="again-find").label == "Try again"


def test_an_api_that_goes_down_in_mid_use_says_so():
    stub = a_stub()
    page = a_page("find", stub).run()
    page.segmented_control(key="way").set_value("ListenBrainz").run()
    page.text_input(key="listenbrainz").set_value("rob").run()
    stub.answers["POST /v1/recommendations"] = httpx.ConnectError("refused")
    page.button(key="look").click().run()
    assert "Nothing answers at http://api.test" in html_of(page)
    assert not page.exception


def test_an_empty_community_says_how_to_fill_it():
    stub = a_stub(answers={"GET /v1/status": status(index={**status()["index"], "people": 0})})
    assert "make demo" in html_of(a_page("find", stub).run())


def test_a_login_is_offered_where_the_server_has_one_and_explained_where_not():
    page = a_page("find", a_stub()).run()
    page.segmented_control(key="way").set_value("Log in with Spotify").run()
    assert 'href="http://api.test/v1/spotify/login"' in html_of(page)
    none = {"mode": "none", "why": "No app is set up.", "login": False}
    page = a_page("find", a_stub(answers={"GET /v1/status": status(spotify=none)})).run()
    page.segmented_control(key="way").set_value("Log in with Spotify").run()
    assert "No app is set up." in html_of(page)


def test_who_is_logged_in_is_asked_for_with_the_browsers_session():
    stub = a_stub(answers={"GET /v1/spotify/me": {"user_id": "me"}})
    page = a_page("find", stub, session="abc-DEF_1").run()
    page.segmented_control(key="way").set_value("Log in with Spotify").run()
    page.button(key="look").click().run()
    asked = next(each for each in stub.asked if each.method == "POST")
    assert asked.headers["cookie"] == "soundalike_session=abc-DEF_1"
    assert json.loads(asked.content)["spotify_login"] is True


def test_a_key_of_the_settings_is_shown_to_the_api():
    stub = a_stub()
    a_page("find", stub, api_key="secret-key").run()
    assert stub.asked[0].headers["authorization"] == "Bearer secret-key"


def test_nobody_found_is_said():
    stub = a_stub(answers={"POST /v1/recommendations": recommendations(recommendations=[], discoveries=[])})
    assert "Nobody was found" in html_of(asked_with_a_name(stub))


@pytest.mark.parametrize(("host", "mine"), [("127.0.0.1", ["me"]), ("music.example", [])])
def test_whose_name_was_given_is_not_theirs_who_gave_it_on_a_page_for_others(host: str, mine: list[str]):
    stub = a_stub()
    page = a_page("find", stub, dashboard_host=host).run()
    page.segmented_control(key="way").set_value("ListenBrainz").run()
    page.text_input(key="listenbrainz").set_value("rob").run()
    page.button(key="join").click().run()
    assert "Ada Lindqvist" in html_of(page)
    assert ("soundalike.mine" in page.session_state) is bool(mine)


@pytest.mark.parametrize(("logged_in", "said"), [("me", "You are logged in"), (None, "You are not logged in")])
def test_a_login_is_believed_when_the_api_knows_of_it(logged_in: str | None, said: str):
    page = a_page("find", a_stub(answers={"GET /v1/spotify/me": {"user_id": logged_in}}), session="abc")
    page.query_params["spotify"] = "logged-in"
    assert said in html_of(page.run())


@pytest.mark.parametrize(("word", "is_shown"), [("access-denied", True), ("Call 0900 for help", False)])
def test_what_became_of_a_login_is_told_in_the_apis_words_only(word: str, is_shown: bool):
    page = a_page("find", a_stub())
    page.query_params["spotify"] = word
    shown = html_of(page.run())
    assert "The login did not work" in shown
    assert (word in shown) is is_shown


def test_where_no_years_are_known_that_is_said():
    found = [recommendation(0, eras=None)]
    stub = a_stub(answers={"POST /v1/recommendations": recommendations(recommendations=found)})
    assert "No years are known" in html_of(asked_with_a_name(stub, button="join"))
