"""The dashboard in a real browser, over the real API with a synthetic community."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.waiting import until
from tests.whole.browser import a_browser, a_dashboard, serious, settled
from tests.whole.conftest import Whole
from tests.whole.programs import a_free_port, a_server

pytestmark = pytest.mark.xdist_group("dashboard")  # one home and one page for all of them
pytest.importorskip("playwright", reason="no playwright here: pip install 'soundalike[dev]'")
pytest.importorskip("streamlit", reason="no streamlit here: pip install 'soundalike[dashboard]'")

EVIL = "<img src=x onerror=alert(1)> [x](javascript:alert(2)) **b**"


def goes_to(page: Any, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).first.click()
    page.wait_for_timeout(500)
    settled(page)


def joins(page: Any, whole: Whole) -> None:
    page.goto(whole.url)
    page.locator("input[type=file]").set_input_files(whole.folder / "export.zip")
    page.get_by_role("button", name="Join the community").click()
    page.get_by_role("heading", name="Your soundalikes").wait_for()
    settled(page)


def test_an_export_is_uploaded_and_answered_compared_drawn_and_deleted(page: Any, whole: Whole):
    joins(page, whole)
    assert page.locator("article.sa-bare").count() == 10
    page.get_by_role("tab", name="Joint list").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the joint list").click()
    assert download.value.path().read_text().startswith("artist,why,with,search_on_spotify")

    page.get_by_role("tab", name="People").click()
    page.get_by_role("button", name="Compare with").first.click()
    page.get_by_role("heading", name="What only one has").wait_for()
    assert "a=" in page.url
    assert "b=" in page.url
    me = httpx.URL(page.url).params["a"]

    goes_to(page, "Taste map")
    page.locator(".js-plotly-plot").wait_for()

    goes_to(page, "My data")
    page.get_by_text("I want to be deleted for good").click()
    page.get_by_role("button", name="Delete me").click()
    page.get_by_text("You are gone").wait_for()
    assert page.get_by_text("answered 404").count() == 1
    assert whole.server.get(f"/v1/users/{me}").status_code == 404


# Where a point of the map is on the page, in pixels: the first soundalike's.
WHERE = """() => {
  const graph = document.querySelector('.js-plotly-plot'), box = graph.getBoundingClientRect()
  const points = graph.data.find(each => each.name === 'my soundalikes'), {xaxis, yaxis} = graph._fullLayout
  const [x, y] = [points.x, points.y].map(each => each[0] ?? each._inputArray[0])
  return {x: box.x + xaxis._offset + xaxis.l2p(x), y: box.y + yaxis._offset + yaxis.l2p(y),
          who: points.customdata[0][0]}
}"""


def test_a_click_on_somebody_on_the_map_compares_them_with_me(page: Any, whole: Whole):
    joins(page, whole)
    goes_to(page, "Taste map")
    page.wait_for_function("() => document.querySelector('.js-plotly-plot')?._fullLayout?.xaxis?.l2p")
    page.wait_for_timeout(1000)
    point = page.evaluate(WHERE)
    page.mouse.move(point["x"], point["y"])
    page.wait_for_timeout(300)
    page.mouse.click(point["x"], point["y"])
    page.get_by_role("heading", name="What only one has").wait_for()
    assert httpx.URL(page.url).params["b"] == point["who"]


def test_the_index_is_built_anew_from_the_page_and_rolled_back_each_after_a_confirmation(page: Any, whole: Whole):
    # A server of its own: where somebody was deleted, an eraser publishes versions, too.
    with a_server(whole.spare) as server, a_dashboard(whole.spare, server.url) as url:

        def index() -> str:
            return str(server.get("/v1/status").json()["index"]["version"])

        def orders(what: str) -> None:
            page.get_by_text(f"Yes, {what.lower()}").click()
            page.get_by_role("button", name=what, exact=True).click()

        before = index()
        page.goto(f"{url}/operations")
        page.get_by_text("Everything works").wait_for()
        assert page.get_by_role("button", name="Re-index", exact=True).is_disabled()
        orders("Re-index")
        until(lambda: index() != before)
        page.get_by_role("article", name="Re-index").get_by_text("done").wait_for()
        orders("Roll back")
        until(lambda: index() == before)


def test_names_that_are_html_or_markdown_stay_text(page: Any, whole: Whole):
    joins(page, whole)
    page.get_by_role("button", name="Compare with").first.click()
    page.get_by_role("heading", name="What only one has").wait_for()
    me, near = (httpx.URL(page.url).params[side] for side in "ab")
    artists = whole.server.get(f"/v1/users/{near}").json()["top_artists"]
    profile = {
        "user_id": "evil",
        "display_name": EVIL,
        "playlists": [{"name": "p", "tracks": [{"artist": artist, "plays": 50} for artist in [*artists, EVIL]]}],
    }
    asked = httpx.post(f"{whole.server.url}/v1/recommendations", json={"profile": profile}, timeout=60)
    assert asked.json()["stored"] is True
    for path in (f"compare?a={me}&b=evil", "map"):
        page.goto(f"{whole.url}/{path}")
        settled(page)
        page.wait_for_timeout(500)
        assert page.locator("img[src=x]").count() == 0
        assert page.locator('a[href^="javascript"]').count() == 0
    page.goto(f"{whole.url}/compare?a={me}&b=evil")
    page.get_by_role("heading", name="What only one has").wait_for()
    assert page.get_by_text(EVIL).count() > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(whole: Whole, scheme: str):
    with a_browser(color_scheme=scheme) as page:
        joins(page, whole)
        found = {"results": serious(page)}
        for title in ("Taste map", "Compare two people", "Quality", "Operations", "My data"):
            goes_to(page, title)
            found[title] = serious(page)
    assert {title: each for title, each in found.items() if each} == {}


def test_everything_can_be_reached_on_a_narrow_screen(whole: Whole):
    with a_browser(is_mobile=True) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(whole.url)
        page.get_by_role("heading", name="Who listens as you do?").wait_for()
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_shared_link_opens_a_comparison_and_an_unknown_person_is_a_sentence(page: Any, whole: Whole):
    page.goto(f"{whole.url}/compare?a=ghost&b=nobody")
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_text("Traceback").count() == 0


def test_an_api_that_stops_in_mid_use_is_said_to_be_down(page: Any, whole: Whole):
    with a_server(whole.spare) as server, a_dashboard(whole.spare, server.url) as url:
        page.goto(url)
        page.get_by_role("button", name="Just look").wait_for()
        server.process.kill()
        server.process.wait()
        goes_to(page, "Operations")
        page.get_by_text("make serve").wait_for()
        assert page.get_by_text("Traceback").count() == 0


def test_where_no_api_answers_one_is_started_and_ended_with_the_page(page: Any, whole: Whole):
    api = f"http://127.0.0.1:{a_free_port()}"
    with a_dashboard(whole.spare, api) as url:
        page.goto(url)
        page.get_by_role("button", name="Just look").wait_for()
        assert httpx.get(f"{api}/readyz", timeout=10).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{api}/readyz", timeout=10)
