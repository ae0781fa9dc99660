"""The taste map, quality and operations."""

from __future__ import annotations

import json

import httpx
import pytest

from dashboard.screens.taste_map import picked_id
from tests.dashboard.pages import a_page, html_of
from tests.dashboard.stub import a_stub, history, job, model, models, problem, status, taste_map


def started(stub, kind, **more):
    page = a_page("operations", stub, **more).run()
    page.checkbox(key=f"sure-{kind}-0").set_value(True).run()
    return page.button(key=f"job-{kind}").click().run()


def test_the_map_shows_everybody():
    page = a_page("map", a_stub()).run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 1
    assert "43\\%" in page.caption[0].value


def test_an_empty_map_says_how_to_fill_it():
    nobody = {name: [] for name in taste_map()["points"]}
    stub = a_stub(answers={"GET /v1/map": taste_map(people=0, points=nobody)})
    assert "make demo" in html_of(a_page("map", stub).run())


def picks(page, who: str):
    page.selectbox[0].set_value(who)
    return next(each for each in page.button if each.label in {"Pick", "Compare"}).click().run()


def test_the_first_who_is_picked_is_kept_until_a_second_is_and_then_both_are_compared():
    page = picks(a_page("map", a_stub()).run(), "u0")
    assert not page.exception
    assert "**Ada** is picked" in page.markdown[0].value
    assert "**Ada** is picked" in picks(page, "u0").markdown[0].value  # nobody is compared with themselves
    picks(page, "u1")
    assert (page.query_params["a"], page.query_params["b"]) == ("u0", "u1")


def test_who_was_picked_first_can_be_let_go_of():
    page = picks(a_page("map", a_stub()).run(), "u0")
    next(each for each in page.button if each.label == "Start over").click().run()
    assert not page.markdown


def test_who_joined_is_compared_with_whom_they_pick():
    page = a_page("map", a_stub())
    page.session_state["soundalike.mine"] = ["me"]
    picks(page.run(), "u1")
    assert (page.query_params["a"], page.query_params["b"]) == ("me", "u1")


def somebody_has_joined(stub) -> None:
    stub.answers["GET /v1/map"] = taste_map(
        people=4,
        points={name: [*column, column[-1]] for name, column in taste_map()["points"].items()}
        | {"user_id": ["me", "u0", "u1", "new"]},
    )


def test_who_is_picked_is_picked_though_somebody_has_joined_since_the_page_was_drawn():
    stub = a_stub()
    page = a_page("map", stub).run()
    somebody_has_joined(stub)
    assert "**Ada** is picked" in picks(page, "u0").markdown[0].value
    stub.answers["GET /v1/map"] = taste_map()
    picks(page, "u1")
    assert (page.query_params["a"], page.query_params["b"]) == ("u0", "u1")


def a_map_with_a_tag(request: httpx.Request) -> httpx.Response:
    if request.headers.get("if-none-match") == '"t1"':
        return httpx.Response(304, headers={"etag": '"t1"'})
    return httpx.Response(200, json=taste_map(), headers={"etag": '"t1"'})


def test_the_map_is_not_sent_again_while_it_is_the_same_and_who_left_is_off_the_next_view():
    stub = a_stub(answers={"GET /v1/map": a_map_with_a_tag})
    page = a_page("map", stub).run()
    drawn = page.session_state["soundalike.map_drawn"]
    page.run()
    assert [asked.headers.get("if-none-match") for asked in stub.asked if asked.url.path == "/v1/map"] == [None, '"t1"']
    assert page.selectbox[0].options == ["Ada", "Me", "u1"]
    assert page.session_state["soundalike.map_drawn"] is drawn

    without = {name: column[:2] for name, column in taste_map()["points"].items()}
    stub.answers["GET /v1/map"] = httpx.Response(200, json=taste_map(points=without), headers={"etag": '"t2"'})
    page.run()
    assert page.selectbox[0].options == ["Ada", "Me"]
    assert page.session_state["soundalike.map_drawn"] is not drawn


def test_a_click_on_the_map_says_who():
    assert picked_id({"selection": {"points": [{"customdata": ["u1", "dub"]}]}}) == "u1"
    assert picked_id({"selection": {"points": []}}) is None


def test_quality_shows_versions_and_why_one_was_rejected():
    page = a_page("quality", a_stub()).run()
    assert not page.exception
    shown = html_of(page)
    assert "live" in shown
    page.selectbox(key="version").set_value(2).run()
    assert "This model was rejected" in html_of(page)
    assert "halves_mrr fell by 0.040" in html_of(page)


def test_hubness_is_shown_where_the_report_counts_it():
    shown = html_of(a_page("quality", a_stub()).run())
    assert '<td class="num">31</td>' in shown
    assert "largest k-occurrence" in shown
    uncounted = models(models=[model(3, compared={"model": {"halves_mrr": 0.4}})])
    assert "k-occurrence" not in html_of(a_page("quality", a_stub(answers={"GET /v1/models": uncounted})).run())


def test_quality_without_a_model_says_what_to_do():
    stub = a_stub(answers={"GET /v1/models": models(live=None, models=[])})
    assert "make train" in html_of(a_page("quality", stub).run())


def test_a_report_is_shown_as_text_or_its_absence_said():
    stub = a_stub(answers={"GET /v1/models/3/report": httpx.Response(200, text="# <b>Report</b>")})
    page = a_page("quality", stub).run()
    page.button(key="report").click().run()
    assert page.code[0].value == "# <b>Report</b>"
    page = a_page("quality", a_stub()).run()
    page.button(key="report").click().run()
    assert not page.exception


@pytest.mark.parametrize("kind", ["index", "train", "rollback"])
def test_a_job_wants_a_confirmation(kind: str):
    stub = a_stub()
    page = started(stub, kind)
    assert not page.exception
    assert [json.loads(body) for body in stub.bodies("POST /v1/admin/jobs")] == [{"kind": kind}]
    assert page.button(key=f"job-{kind}").disabled  # to go on to another takes another confirmation
    assert a_page("operations", a_stub()).run().button(key=f"job-{kind}").disabled


def test_a_job_beside_a_running_one_is_refused_in_a_sentence():
    stub = a_stub(answers={"POST /v1/admin/jobs": problem(409, "A job is running.", "Wait for it.")})
    assert "A job is running." in html_of(started(stub, "train"))


def test_what_a_job_said_is_text():
    stub = a_stub(answers={"GET /v1/admin/jobs": {"jobs": [job(said=["<script>alert(1)</script>"])]}})
    assert "<script" not in html_of(a_page("operations", stub).run())


def test_a_server_with_keys_asks_for_the_admins_and_uses_it():
    def with_key(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != "Bearer admin-key":
            return problem(401, "The request brings no API key.")
        return httpx.Response(200, json={"jobs": []})

    stub = a_stub(answers={"GET /v1/admin/jobs": with_key})
    page = a_page("operations", stub).run()
    assert "An admin&#x27;s key is needed" in html_of(page)
    page.text_input[0].set_value("admin-key")
    page.button[0].click().run()
    assert not page.exception
    assert page.button(key="job-index").disabled
    assert "admin-key" not in html_of(page)


def test_a_page_that_others_reach_offers_no_jobs_over_an_api_without_keys():
    page = a_page("operations", a_stub(), dashboard_host="music.example").run()
    assert "Jobs are switched off here" in html_of(page)


def test_a_degraded_service_says_why():
    stub = a_stub(answers={"GET /v1/status": status(status="degraded", reasons=["The feature store is down."])})
    assert "The feature store is down." in html_of(a_page("operations", stub).run())


def test_no_history_yet_is_said():
    nothing = {name: [] for name in history()}
    assert "Nothing yet" in html_of(a_page("operations", a_stub(answers={"GET /v1/status/history": nothing})).run())
