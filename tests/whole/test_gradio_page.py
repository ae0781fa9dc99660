"""The former page in a real browser and by gradio_client, over the real API with a synthetic community."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.ports import a_free_port
from tests.whole.browser import a_browser, a_dashboard, serious, started
from tests.whole.conftest import Whole
from tests.whole.programs import a_server

pytestmark = pytest.mark.xdist_group("dashboard")  # with the other tests in a browser
pytest.importorskip("playwright", reason="no playwright here: pip install 'soundalike[dev]'")
pytest.importorskip("gradio", reason="no gradio here: pip install 'soundalike[gradio]'")

EVIL = "<img src=x onerror=alert(1)> {{value}} ${alert(2)}"
# The client leaves sockets open, so it is used in a process that ends.
CALLED = """
import sys
from gradio_client import Client, handle_file

url, export, link, artists, playlists = sys.argv[1:]
client = Client(url, verbose=False)
file = {"file": handle_file(export)} if export else {}
print(client.predict(link, int(artists), int(playlists), **file, api_name="/recommend_users"))
"""


@pytest.fixture(scope="module")
def url(whole: Whole) -> Iterator[str]:
    with a_dashboard(whole.folder / "home", whole.server.url, "--gradio") as url:
        yield url


def called(url: str, *asked: str, export: str = "") -> str:
    run = subprocess.run(
        [sys.executable, "-c", CALLED, url, export, *asked], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def uploads(page: Any, whole: Whole) -> None:
    page.get_by_text("No link, or to be found by others").click()
    page.get_by_text("Click to Upload").wait_for()
    page.locator("input[type=file]").set_input_files(whole.folder / "export.zip")
    # A link to it is shown once it is there; its name, as one word, only for as long as it is on its way.
    page.locator("a[download]").wait_for()


def test_an_export_is_uploaded_and_answered_and_nothing_is_kept_or_asked_outside(page: Any, whole: Whole, url: str):
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(httpx.URL(request.url).host))
    people = whole.server.get("/v1/status").json()["index"]["people"]
    page.goto(url)
    uploads(page, whole)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Recommended profiles").wait_for()
    assert page.locator("article.sa-bare").count() == 10
    assert page.get_by_text("You only looked").count() == 1
    assert whole.server.get("/v1/status").json()["index"]["people"] == people
    assert hosts <= {"127.0.0.1", ""}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(whole: Whole, url: str, scheme: str):
    with a_browser(color_scheme=scheme) as page:
        page.goto(url)
        uploads(page, whole)
        page.get_by_role("button", name="Submit").click()
        page.get_by_role("heading", name="Recommended profiles").wait_for()
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        assert serious(page) == []


def test_the_endpoint_is_called_with_a_link_and_two_numbers_as_before(url: str):
    said = called(url, "https://open.spotify.com/user/rob", "5", "5")
    assert "Spotify is not set up" in said
    assert "Upload your data export" in said


def test_the_endpoint_takes_a_file(whole: Whole, url: str):
    assert called(url, "", "5", "5", export=str(whole.folder / "export.zip")).count("<article") == 10


def test_names_stay_text(page: Any, whole: Whole, url: str):
    found = called(url, "", "10", "20", export=str(whole.folder / "export.zip"))
    near = found.split('aria-label="1. ')[1]  # whoever is nearest is met again, with a name that is a script
    artists = [part.split("<")[0] for part in near.split("</article>")[0].split('sa-chip ">')[1:]]
    asked = {
        "profile": {
            "user_id": "evil of gradio",
            "display_name": EVIL,
            "playlists": [{"name": "p", "tracks": [{"artist": artist, "plays": 50} for artist in [*artists, EVIL]]}],
        }
    }
    assert httpx.post(f"{whole.server.url}/v1/recommendations", json=asked, timeout=150).json()["stored"] is True
    page.goto(url)
    uploads(page, whole)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Recommended profiles").wait_for()
    assert page.locator("img[src=x]").count() == 0
    assert page.get_by_text(EVIL).count() >= 1


def test_the_app_of_a_space_serves_the_page(whole: Whole):
    port = a_free_port()
    told = {"SOUNDALIKE_API_URL": whole.server.url, "SOUNDALIKE_DASHBOARD_HOST": "127.0.0.1"}
    with started([sys.executable, "docs/spaces/app.py"], port, {**told, "SOUNDALIKE_DASHBOARD_PORT": str(port)}) as url:
        assert called(url, "", "5", "5", export=str(whole.folder / "export.zip")).count("<article") == 10


def test_an_api_that_stops_in_mid_use_is_said_to_be_down(page: Any, whole: Whole):
    with a_server(whole.spare) as server, a_dashboard(whole.spare, server.url, "--gradio") as url:
        page.goto(url)
        uploads(page, whole)
        server.process.kill()
        server.process.wait()
        page.get_by_role("button", name="Submit").click()
        page.get_by_text("make serve").wait_for()
