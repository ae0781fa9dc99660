"""My data: export, disconnect, deletion and its proof."""

from __future__ import annotations

import httpx
import pytest

from dashboard.api.people import Recommendations
from tests.dashboard.pages import a_page, html_of
from tests.dashboard.stub import a_stub, problem, recommendations, status


def of_somebody(stub, **more):
    page = a_page("mine", stub, **more).run()
    return page.text_input(key="id").set_value("me").run()


def deletes_itself(stub):
    def gone(_request):
        stub.answers["GET /v1/users/me"] = None
        return httpx.Response(204)

    stub.answers["DELETE /v1/users/me"] = gone
    return stub


def test_deletion_wants_a_confirmation_and_proves_itself():
    stub = deletes_itself(a_stub())
    page = of_somebody(stub)
    assert page.button(key="delete").disabled
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    shown = html_of(page)
    assert "You are gone" in shown
    assert "answered 404" in shown
    lines = [f"{asked.method} {asked.url.path}" for asked in stub.asked]
    assert lines.index("GET /v1/users/me", lines.index("DELETE /v1/users/me")) > 0


def test_a_deletion_that_did_not_work_is_not_called_one():
    page = of_somebody(a_stub())
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    assert "You are still here" in html_of(page)


def test_the_export_is_offered_or_an_admins_key_is_asked_for():
    page = of_somebody(a_stub())
    page.button(key="prepare").click().run()
    assert len(page.get("download_button")) == 1
    refused = problem(403, "The API key has the role write; this needs admin.")
    page = of_somebody(a_stub(answers={"GET /v1/users/me/export": refused}))
    page.button(key="prepare").click().run()
    assert "An admin's key is needed" in html_of(page).replace("&#x27;", "'")
    assert not page.exception


def test_who_is_logged_in_can_disconnect_spotify():
    stub = a_stub(answers={"GET /v1/spotify/me": {"user_id": "me"}})
    page = a_page("mine", stub, session="abc").run()
    page.button(key="disconnect").click().run()
    assert "What came from Spotify" in html_of(page)
    assert stub.bodies("POST /v1/spotify/disconnect") == [""]


def test_where_others_reach_the_page_nobody_is_deleted_by_their_id_alone():
    page = a_page("mine", a_stub(), dashboard_host="music.example").run()
    assert [each.key for each in page.text_input if each.key == "id"] == []
    assert "join again with the same file" in html_of(page)


def test_a_page_behind_a_proxy_is_one_that_others_reach(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dashboard.room.is_at_this_computer", lambda _headers: False)
    page = a_page("mine", a_stub()).run()
    assert [each.key for each in page.text_input if each.key == "id"] == []


def an_api_with_keys():
    """It takes one admin's key, and the page's own key for nothing that needs an admin."""

    def status_for(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=status()) if "authorization" in request.headers else problem(401, "No key.")

    def as_admin(answer: httpx.Response):
        return lambda request: answer if _key_of(request) == "right" else problem(403, "It needs admin.")

    return a_stub(
        answers={
            "GET /v1/status": status_for,
            "GET /v1/admin/jobs": as_admin(httpx.Response(200, json={"jobs": []})),
            "GET /v1/users/me/export": as_admin(httpx.Response(200, json={"user_id": "me"})),
        }
    )


def _key_of(request: httpx.Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def types_a_key(stub, key: str):
    page = a_page("mine", stub, dashboard_host="music.example", api_key="of the page").run()
    return typed(page, "Admin's API key", key, "Use it")


def typed(page, label: str, value: str, button: str):
    next(each for each in page.text_input if each.label == label).set_value(value)
    return next(each for each in page.button if each.label == button).click().run()


def test_a_key_that_is_no_admins_opens_nothing():
    page = types_a_key(an_api_with_keys(), "wrong")
    assert "It needs admin." in html_of(page)
    assert [each.key for each in page.text_input if each.key == "id"] == []
    assert not page.run().exception


def test_with_an_admins_key_others_are_looked_after_under_that_key():
    stub = deletes_itself(an_api_with_keys())
    page = types_a_key(stub, "right")
    page.text_input(key="id").set_value("me").run()
    page.button(key="prepare").click().run()
    assert len(page.get("download_button")) == 1
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    assert "You are gone" in html_of(page)
    (deleted,) = [asked for asked in stub.asked if asked.method == "DELETE"]
    assert _key_of(deleted) == "right"


def test_who_joined_with_a_file_leaves_without_an_admins_key_and_is_told_that_the_export_needs_one():
    stub = deletes_itself(an_api_with_keys())
    page = a_page("mine", stub, dashboard_host="music.example", api_key="of the page")
    page.session_state["soundalike.mine"] = ["me"]
    page.run()
    page.button(key="prepare").click().run()
    assert "An admin&#x27;s key is needed" in html_of(page)
    assert not page.exception
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    (deleted,) = [asked for asked in stub.asked if asked.method == "DELETE"]
    assert _key_of(deleted) == "of the page"


def test_the_next_one_is_not_deleted_by_an_old_confirmation():
    page = a_page("mine", deletes_itself(a_stub()))
    page.session_state["soundalike.mine"] = ["me", "u1"]
    page.run()
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    assert page.button(key="delete").disabled


def test_an_api_without_keys_gives_a_page_that_others_reach_nobody_elses_data():
    page = a_page("mine", a_stub(), dashboard_host="music.example").run()
    assert [each.label for each in page.text_input] == ["Leave code"]


def one_who_comes_back(code: str, **answers):
    def mine(request: httpx.Request) -> httpx.Response:
        if request.content == b'{"leave_code":"me.right"}':
            return httpx.Response(200, json={"user_id": "me"})
        return problem(404, "The leave code is nobody's.", code="wrong-leave-code")

    forbidden = problem(403, "It needs admin.")
    stub = deletes_itself(a_stub(answers={"POST /v1/mine/export": mine, "GET /v1/users/me/export": forbidden}))
    page = a_page("mine", stub, dashboard_host="music.example", api_key="of the page").run()
    return stub, typed(page, "Leave code", code, "This is me")


def test_who_comes_back_with_a_leave_code_takes_their_data_and_leaves_without_an_admins_key():
    stub, page = one_who_comes_back("me.right")
    assert not page.exception
    page.button(key="prepare").click().run()
    assert len(page.get("download_button")) == 1
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    assert "You are gone" in html_of(page)
    (deleted,) = [asked for asked in stub.asked if asked.method == "DELETE"]
    assert _key_of(deleted) == "of the page"
    assert page.session_state["soundalike.leave_codes"] == {}


def test_a_leave_code_that_is_nobodys_opens_nothing():
    _, page = one_who_comes_back("me.wrong")
    assert "The leave code is nobody&#x27;s." in html_of(page)
    assert [each.key for each in page.button if each.key in {"prepare", "delete"}] == []


def test_nobody_kept_is_said():
    stub = a_stub(answers={"GET /v1/users/me": None})
    assert "Nobody is kept under this id" in html_of(of_somebody(stub))


def test_the_answer_of_who_left_is_kept_no_longer():
    page = a_page("mine", deletes_itself(a_stub()))
    page.session_state["soundalike.mine"] = ["me"]
    page.session_state["soundalike.answer"] = Recommendations.model_validate(recommendations(user_id="me"))
    page.run()
    page.checkbox(key="sure-me").set_value(True).run()
    page.button(key="delete").click().run()
    assert "soundalike.answer" not in page.session_state
