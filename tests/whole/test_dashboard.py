"""The dashboard in a real browser, over the real API with a synthetic community."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.ports import a_free_port
from tests.waiting import until
from tests.whole.browser import a_browser, a_dashboard, serious, settled
from tests.whole.conftest import Whole
from tests.whole.programs import a_server

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


def test_an_export_is_uploaded_and_answered_compared_by_a_shared_link_and_deleted_with_the_leave_code(
    page: Any, whole: Whole
):
    joins(page, whole)
    code = page.locator(".st-key-card-leave-code code").inner_text()
    assert page.locator("article.sa-bare").count() == 10
    assert page.locator("article.sa-bare .sa-eras").count() > 0
    page.get_by_role("tab", name="Joint list").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the joint list").click()
    assert download.value.path().read_text().startswith("artist,why,with,search_on_spotify")

    page.get_by_role("tab", name="People").click()
    page.get_by_role("button", name="Share").first.click()
    link = page.locator('[data-testid="stPopoverBody"] code').inner_text()
    page.goto(link)  # as whoever was given it, who has joined nothing
    page.get_by_role("heading", name="What only one has").wait_for()
    me = httpx.URL(link).params["a"]
    assert code.startswith(f"{me}.")

    goes_to(page, "Taste map")
    page.locator(".js-plotly-plot").wait_for()

    goes_to(page, "My data")
    page.get_by_label("Leave code", exact=True).fill(code)
    page.get_by_role("button", name="This is me").click()
    page.get_by_role("button", name="Prepare my export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download it").click()
    assert json.loads(download.value.path().read_text())["user_id"] == me
    page.get_by_text("I want to be deleted for good").click()
    page.get_by_role("button", name="Delete me").click()
    page.get_by_text("You are gone").wait_for()
    assert page.get_by_text("answered 404").count() == 1
    assert whole.server.get(f"/v1/users/{me}").status_code == 404


# Where somebody of the map is on the page, in pixels: one of a kind, or of all, but none of those that are picked, and
# nobody who stands close to another, as people do who joined with the same export.
WHERE = """kind => {
  const graph = document.querySelector('.js-plotly-plot'), box = graph.getBoundingClientRect()
  const {xaxis, yaxis} = graph._fullLayout
  const dots = graph.data.flatMap(({name, x, y, customdata}) => customdata.map(([who], at) => ({
    who, name, x: box.x + xaxis._offset + xaxis.l2p((x._inputArray ?? x)[at]),
    y: box.y + yaxis._offset + yaxis.l2p((y._inputArray ?? y)[at]),
  })))
  const picked = dots.filter(dot => dot.name === 'picked').map(dot => dot.who)
  const {who, x, y} = dots.find(one => (!kind || one.name === kind) && !picked.includes(one.who) &&
    dots.every(other => other.who === one.who || Math.hypot(other.x - one.x, other.y - one.y) > 10))
  return {who, x, y}
}"""


def clicks_on_the_map(page: Any, kind: str) -> str:
    """A click on somebody once the map shows who is under the pointer, which it does not while it is drawn anew."""
    page.wait_for_function("() => document.querySelector('.js-plotly-plot')?._fullLayout?.xaxis?.l2p")
    point: dict[str, Any] = {}

    def is_told_who() -> bool:
        point.update(page.evaluate(WHERE, kind))
        page.mouse.move(point["x"] + 60, point["y"] + 60)
        page.mouse.move(point["x"], point["y"])
        page.wait_for_timeout(300)
        return bool(page.locator(".js-plotly-plot .hovertext").count() and point == page.evaluate(WHERE, kind))

    until(is_told_who)
    page.mouse.click(point["x"], point["y"])
    return str(point["who"])


def test_a_click_on_the_map_compares_them_with_me_though_somebody_has_joined_since_it_was_drawn(
    page: Any, whole: Whole
):
    joins(page, whole)
    goes_to(page, "Taste map")
    drawn = whole.server.get("/v1/map").headers["etag"]
    profile = {"playlists": [{"name": "later", "tracks": [{"artist": "Air"}, {"artist": "Portishead"}]}]}
    httpx.post(f"{whole.server.url}/v1/recommendations", json={"profile": profile}, timeout=150).raise_for_status()
    until(lambda: whole.server.get("/v1/map").headers["etag"] != drawn)
    who = clicks_on_the_map(page, "my soundalikes")
    page.get_by_role("heading", name="What only one has").wait_for()
    assert httpx.URL(page.url).params["b"] == who


def test_whoever_was_picked_first_by_name_is_kept_until_a_click_on_somebody_compares_the_two(page: Any, whole: Whole):
    page.goto(f"{whole.url}/map")
    page.get_by_label("Find somebody by name").click()
    page.get_by_role("option").first.wait_for()  # or there is nobody to go down to yet
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("button", name="Pick", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("is picked").wait_for()
    page.wait_for_function("() => document.querySelector('.js-plotly-plot')?.data.some(each => each.name === 'picked')")
    settled(page)
    who = clicks_on_the_map(page, "")
    page.get_by_role("heading", name="What only one has").wait_for()
    both = httpx.URL(page.url).params
    assert both["b"] == who
    assert both["a"] not in {"", who}


def test_the_browsers_way_back_leads_to_the_two_who_were_compared_before(page: Any, whole: Whole):
    joins(page, whole)
    page.get_by_role("button", name="Compare with").first.click()
    page.get_by_role("heading", name="What only one has").wait_for()
    before = str(page.url)
    settled(page)
    page.get_by_role("combobox", name="The other").click()
    others = page.get_by_role("option")
    others.first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(lambda url: url != before)
    settled(page)
    near = httpx.URL(before).params["b"]
    name = whole.server.get(f"/v1/users/{near}").json()["display_name"] or near
    assert page.get_by_role("combobox", name="The other").input_value() != name
    page.go_back()
    until(lambda: page.get_by_role("combobox", name="The other").input_value() == name)
    assert page.url == before


def test_a_page_that_another_leads_to_begins_at_its_top_and_stays_where_it_was_scrolled_to(page: Any, whole: Whole):
    down = "() => document.querySelector('[data-testid=stMain]').scrollTop"
    joins(page, whole)
    # However fast the next page comes: what was scrolled away is never short of content, so nothing else scrolls up.
    page.add_style_tag(content=".stMainBlockContainer { min-height: 4000px }")
    page.get_by_role("button", name="Compare with").last.scroll_into_view_if_needed()
    assert page.evaluate(down) > 0
    page.get_by_role("button", name="Compare with").last.click()
    page.get_by_role("heading", name="What only one has").wait_for()
    settled(page)
    assert page.evaluate(down) == 0
    around = page.locator(":has(> .st-key-to-the-top)")
    assert around.evaluate("each => getComputedStyle(each).display") == "none"  # or there were a gap above the page
    page.get_by_role("heading", name="What only one has").scroll_into_view_if_needed()
    stays = page.evaluate(down)
    assert stays > 0
    page.get_by_role("button", name="Compare", exact=True).evaluate("each => each.click()")  # draws the page anew
    page.wait_for_timeout(500)
    settled(page)
    assert page.evaluate(down) == stays


def test_what_says_that_something_goes_on_waits_300_ms_before_it_shows(page: Any, whole: Whole):
    page.goto(f"{whole.url}/compare")
    page.get_by_text("Two people are needed").wait_for()
    for kind in ("stStatusWidget", "stExpanderIconSpinner"):
        hidden, waits_ms, shown = page.evaluate(
            """kind => {
              const made = document.createElement('div')
              made.dataset.testid = kind
              document.querySelector('.stApp').append(made)
              const hidden = getComputedStyle(made).opacity, [waiting] = made.getAnimations()
              const {delay} = waiting.effect.getTiming()
              waiting.finish()
              return [hidden, delay, getComputedStyle(made).opacity]
            }""",
            kind,
        )
        assert (hidden, waits_ms, shown) == ("0", 300, "1")


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
        until(lambda: index() != before, 300, every_s=0.5)
        page.get_by_role("article", name="Re-index").get_by_text("done").wait_for()
        orders("Roll back")
        until(lambda: index() == before, 300, every_s=0.5)


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
    asked = httpx.post(f"{whole.server.url}/v1/recommendations", json={"profile": profile}, timeout=150)
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


PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 11; Pixel 5) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36",
}
# What reaches over the edge of the screen, but for what can be scrolled by itself and what is not shown.
CUT = """() => {
  const wide = [...document.querySelectorAll('.stMainBlockContainer *')].filter(each => {
    const {width, right} = each.getBoundingClientRect()
    return width && right > innerWidth + 1 && !each.closest('.sa-table-wrap, .stTabs, .js-plotly-plot, .sa-tip')
  })
  return [...wide.map(each => each.outerHTML.slice(0, 100)),
          ...(document.documentElement.scrollWidth > innerWidth ? ['the page'] : [])]
}"""


def look_through(page: Any, whole: Whole) -> dict[str, list[str]]:
    """What is wrong with whatever is seen on the way of somebody who looks, joins, shares and compares."""
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        settled(page)
        found[name] = serious(page) + page.evaluate(CUT)

    joins(page, whole)
    look("results")
    page.get_by_role("button", name="Share").first.click()
    page.locator('[data-testid="stPopoverBody"] code').wait_for()
    look("share")
    page.keyboard.press("Escape")
    for tab in ("Side by side", "What they love", "Joint list"):
        page.get_by_role("tab", name=tab).click()
        look(tab)
    page.get_by_role("tab", name="People").click()
    page.get_by_role("button", name="Compare with").first.click()
    page.get_by_role("heading", name="What only one has").wait_for()
    look("comparison")
    for path in ("map", "quality", "operations", "mine", "compare", "compare?a=ghost&b=nobody"):
        page.goto(f"{whole.url}/{path}")
        page.locator("h1").wait_for()
        look(path)
    return {name: each for name, each in found.items() if each}


@pytest.mark.parametrize(("scheme", "screen"), [("light", {}), ("dark", PHONE)], ids=["wide-light", "phone-dark"])
def test_axe_finds_nothing_serious_and_nothing_is_cut_on_any_page(whole: Whole, scheme: str, screen: dict[str, Any]):
    with a_browser(color_scheme=scheme, **screen) as page:
        assert look_through(page, whole) == {}


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
