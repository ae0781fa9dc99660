"""Comparing two people."""

from __future__ import annotations

from tests.dashboard.pages import a_page, html_of
from tests.dashboard.stub import a_stub, compatibility, problem, taste_map


def compared(stub, a="me", b="u1"):
    page = a_page("compare", stub)
    page.query_params["a"], page.query_params["b"] = a, b
    return page.run()


def test_the_address_says_who_is_compared():
    page = compared(a_stub())
    assert not page.exception
    shown = html_of(page)
    assert "82" in shown
    assert "Only Bo" in shown
    assert "60%" in shown
    assert "a=me&b=u1" in page.code[0].value


def test_people_are_picked_by_name_and_an_id_can_be_typed_all_the_same():
    page = a_page("compare", a_stub()).run()
    one, other = page.selectbox
    assert one.options == ["Ada", "Me", "u1"]
    one.set_value("me")
    other.set_value("u1")
    page.button[0].click().run()
    assert "Only Bo" in html_of(page)
    assert compared(a_stub(), b="not on the map").selectbox[1].value == "not on the map"


def test_people_are_picked_though_somebody_has_joined_since_the_page_was_drawn():
    stub = a_stub()
    page = a_page("compare", stub).run()
    points = {name: [*column, column[-1]] for name, column in taste_map()["points"].items()}
    stub.answers["GET /v1/map"] = taste_map(people=4, points=points | {"user_id": ["me", "u0", "u1", "new"]})
    one, other = page.selectbox
    one.set_value("me")
    other.set_value("u1")
    page.button[0].click().run()
    assert "Only Bo" in html_of(page)


def test_without_a_map_ids_are_typed():
    page = a_page("compare", a_stub(answers={"GET /v1/map": problem(503, "Not yet.")})).run()
    assert "Two people are needed" in html_of(page)
    assert page.selectbox[0].options == []


def test_without_two_people_the_page_asks_who():
    assert "Two people are needed" in html_of(a_page("compare", a_stub()).run())


def test_somebody_unknown_is_said_in_a_sentence():
    assert "Nobody of that id is here." in html_of(compared(a_stub(), b="ghost"))


def test_missing_years_are_said():
    stub = a_stub(answers={"GET /v1/users/me/compatibility/u1": compatibility(eras=None)})
    assert "release years of one of the two are not known" in html_of(compared(stub))


def test_an_id_with_a_slash_stays_one_part_of_the_path():
    stub = a_stub()
    compared(stub, a="../admin", b="u1")
    assert any(b"..%2Fadmin" in asked.url.raw_path for asked in stub.asked)


def test_a_server_that_wants_a_key_says_so():
    refused = problem(401, "The request brings no API key.", "Send one.")
    stub = a_stub(answers={"GET /v1/users/me/compatibility/u1": refused})
    assert "brings no API key" in html_of(compared(stub))


def test_with_the_feature_store_down_two_people_are_compared_without_their_cards():
    stub = a_stub(answers={f"GET /v1/users/{who}": problem(503, "It is down.") for who in ("me", "u1")})
    page = a_page("compare", stub)
    page.query_params.update({"a": "me", "b": "u1"})
    shown = html_of(page.run())
    assert "nearer than" in shown
    assert "It is down." not in shown
