"""My data: export, disconnect, deletion and its proof."""

from __future__ import annotations

import httpx

from tests.dashboard.pages import a_page, html_of
from tests.dashboard.stub import a_stub, problem


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
    page.checkbox(key="sure").set_value(True).run()
    page.button(key="delete").click().run()
    shown = html_of(page)
    assert "You are gone" in shown
    assert "answered 404" in shown
    lines = [f"{asked.method} {asked.url.path}" for asked in stub.asked]
    assert lines.index("GET /v1/users/me", lines.index("DELETE /v1/users/me")) > 0


def test_a_deletion_that_did_not_work_is_not_called_one():
    page = of_somebody(a_stub())
    page.checkbox(key="sure").set_value(True).run()
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
    assert "upload the same file again" in html_of(page)


def test_nobody_kept_is_said():
    stub = a_stub(answers={"GET /v1/users/me": None})
    assert "Nothing is kept under this id" in html_of(of_somebody(stub))
