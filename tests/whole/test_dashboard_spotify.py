"""The dashboard in a real browser where the API has an app of Spotify's: by link, by login, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from features.sources import SourceLimits, read_profiles
from tests.fakes.spotify import FakeSpotify, world_of
from tests.ports import a_free_port
from tests.whole.browser import a_dashboard, settled
from tests.whole.conftest import Whole
from tests.whole.programs import Server, a_server

pytestmark = pytest.mark.xdist_group("dashboard")  # with the other tests in a browser
pytest.importorskip("playwright", reason="no playwright here: pip install 'soundalike[dev]'")
pytest.importorskip("streamlit", reason="no streamlit here: pip install 'soundalike[dashboard]'")

ME, OTHER = "synthetic-000003", "synthetic-000005"


@pytest.fixture(scope="module")
def spotify(whole: Whole) -> Iterator[FakeSpotify]:
    limits = SourceLimits(max_profile_tracks=50_000, max_file_bytes=2**30, max_unpacked_bytes=2**30)
    profiles = list(read_profiles(whole.folder / "profiles.jsonl.gz", limits))
    # Who logs in has listened to what one of the community did, and is somebody of their own.
    me = profiles[3].model_copy(update={"user_id": "logged-in", "display_name": "Trillian Astra"})
    with FakeSpotify(world_of([*profiles, me])) as fake:
        fake.logs_in_as = "logged-in"
        yield fake


@pytest.fixture(scope="module")
def served(whole: Whole, spotify: FakeSpotify) -> Iterator[tuple[Server, str]]:
    port, page_port = a_free_port(), a_free_port()
    told = {
        **spotify.variables(),
        "SOUNDALIKE_SPOTIFY_REDIRECT_URL": f"http://127.0.0.1:{port}/v1/spotify/callback",
        "SOUNDALIKE_DASHBOARD_URL": f"http://127.0.0.1:{page_port}/",
        "SOUNDALIKE_REQUEST_TIMEOUT_S": "120",
    }
    with (
        a_server(whole.spare, port=port, **told) as server,
        a_dashboard(whole.spare, server.url, port=page_port) as url,
    ):
        yield server, url


def chooses(page: Any, way: str) -> None:
    page.get_by_role("radio", name=way).or_(page.get_by_role("button", name=way, exact=True)).first.click()
    settled(page)


def test_a_link_is_read_and_answered(page: Any, served: tuple[Server, str]):
    page.goto(served[1])
    chooses(page, "Spotify link")
    page.get_by_label("Link to your Spotify profile").fill(f"https://open.spotify.com/user/{OTHER}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Just look").click()
    page.get_by_role("heading", name="Your soundalikes").wait_for()
    settled(page)
    assert page.locator("article.sa-bare").count() == 10


def test_who_logs_in_joins_and_disconnects_is_gone_with_all_that_was_read(page: Any, served: tuple[Server, str]):
    server, url = served
    page.goto(url)
    chooses(page, "Log in with Spotify")
    page.locator("a.sa-button").click()  # to Spotify, to the API, and back
    page.get_by_text("Spotify lets us read your library").wait_for()
    page.get_by_role("button", name="Join the community").click()
    page.get_by_role("heading", name="Your soundalikes").wait_for()
    assert server.get("/v1/users/logged-in").json()["source"] == "spotify-login"

    page.get_by_role("link", name="My data", exact=True).first.click()
    page.get_by_role("button", name="Disconnect Spotify").click()
    page.get_by_text("What came from Spotify's API was deleted").wait_for()
    assert server.get("/v1/users/logged-in").status_code == 404


def test_who_declines_at_spotify_is_told_what_to_do(page: Any, served: tuple[Server, str], spotify: FakeSpotify):
    spotify.denies = True
    try:
        page.goto(served[1])
        chooses(page, "Log in with Spotify")
        page.locator("a.sa-button").click()
        page.get_by_text("The login did not work").wait_for()
    finally:
        spotify.denies = False
