"""The whole system with Spotify: the real server, asked as users and browsers ask it, against the stand-in."""

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from features.profile import UserId
from features.sources import SourceLimits, read_profiles
from features.sqlite.store import SqliteFeatureStore
from tests.builders import a_playlist, a_profile, a_track
from tests.fakes.spotify import FakeSpotify, world_of
from tests.fakes.spotify.answers import rate_limited
from tests.ports import a_free_port
from tests.waiting import until
from tests.whole.programs import Server, a_server, a_small_home, command, done, traces_of

pytestmark = pytest.mark.xdist_group("spotify way")
READERS = 2
KNOWN = "synthetic-000003"
# Id, name, playlist, and an artist whom nobody else plays: of somebody who never joins, and of somebody who does.
GUEST = ("passing-guest", "Zaphod Beeblebrox", "Songs For Two Heads", "Disaster Area Tribute")
MEMBER = ("lasting-member", "Trillian Astra", "Songs From Islington", "Krikkit Choir")
LINK = f"https://open.spotify.com/user/{GUEST[0]}?si=0123456789abcdef"
LOGIN, JOIN = {"spotify_login": True}, {"spotify_login": True, "remember": True}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_small_home(tmp_path_factory, "spotify way")


@pytest.fixture(scope="module")
def as_it_was(home: Path) -> Path:
    """The same before anybody joined, for servers beside the first one: an index is open in one process at a time."""
    return shutil.copytree(home, home.with_name("as it was"))


@pytest.fixture(scope="module")
def spotify(home: Path) -> Iterator[FakeSpotify]:
    """Where the community have accounts, and two more who play what one of them plays, and one thing more."""
    limits = SourceLimits(max_profile_tracks=50_000, max_file_bytes=2**30, max_unpacked_bytes=2**30)
    community = list(read_profiles(home.parent / "profiles.jsonl.gz", limits))
    shared = [track for playlist in community[3].playlists for track in playlist.tracks][:30]
    for who, name, playlist, artist in (GUEST, MEMBER):
        profile = a_profile(who, a_playlist(playlist, *shared, a_track(artist, title="So Long", plays=42)))
        community.append(profile.model_copy(update={"display_name": name}))
    world = world_of(community)
    with FakeSpotify(world) as fake:
        yield fake
        assert fake.unhandled == []


@pytest.fixture(scope="module")
def port() -> int:
    return a_free_port()


def settings(fake: FakeSpotify, port: int, **others: str) -> dict[str, str]:
    return {
        **fake.variables(),
        "SOUNDALIKE_SPOTIFY_REDIRECT_URL": f"http://127.0.0.1:{port}/v1/spotify/callback",
        "SOUNDALIKE_SPOTIFY_WAIT_AT_MOST_S": "1",
        "SOUNDALIKE_READING_THREADS": str(READERS),
        "SOUNDALIKE_REQUEST_TIMEOUT_S": "120",
        **others,
    }


@pytest.fixture(scope="module")
def server(home: Path, as_it_was: Path, spotify: FakeSpotify, port: int) -> Iterator[Server]:
    with a_server(home, port=port, **settings(spotify, port)) as server:
        yield server
        said = server.said()
    assert not any(word in said for word in (*GUEST, *MEMBER, "Traceback"))
    assert traces_of(GUEST, home) == []


@pytest.fixture
def fake(spotify: FakeSpotify) -> Iterator[FakeSpotify]:
    """As it was in the beginning, for each test."""
    yield spotify
    spotify.clear()
    spotify.mode, spotify.latency_s, spotify.logs_in_as, spotify.denies = "extended", 0.0, None, False


@contextmanager
def away(fake: FakeSpotify) -> Iterator[None]:
    """Spotify is not there for a while."""
    port = urlsplit(fake.api_url).port
    assert port is not None
    fake.close()
    try:
        yield
    finally:
        fake.start(port)


def a_browser(server: Server) -> httpx.Client:
    """It keeps cookies and follows where it is sent."""
    return httpx.Client(base_url=server.url, follow_redirects=True, timeout=150)


@pytest.fixture
def browser(server: Server) -> Iterator[httpx.Client]:
    with a_browser(server) as browser:
        yield browser


def ask(server: Server, **asked: object) -> httpx.Response:
    return httpx.post(f"{server.url}/v1/recommendations", json=asked, timeout=150)


def log_in(browser: httpx.Client, fake: FakeSpotify, who: str) -> httpx.Response:
    fake.logs_in_as = who
    return browser.get("/v1/spotify/login")


def who(browser: httpx.Client) -> str | None:
    return browser.get("/v1/spotify/me").json()["user_id"]


def status_of(server: Server) -> dict:
    return server.get("/v1/status").json()["spotify"]


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert not any(who in f"{told['detail']}{told['mend']}" for who in (GUEST[0], MEMBER[0]))
    assert told["mend"]
    return (answer.status_code, told["code"]) == (status, code)


# --- The link to a profile ---


def test_a_link_goes_in_people_come_out_and_nothing_is_kept(server: Server, home: Path, fake: FakeSpotify):
    answer = ask(server, spotify_url=LINK)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["user_id"], told["stored"]) == (GUEST[0], False)
    assert told["recommendations"][0]["user_id"] == KNOWN
    assert told["recommendations"][0]["shared_artists"]
    assert told["coverage"]["genres"] > 0.5
    assert traces_of(GUEST, home) == []
    assert server.get(f"/v1/users/{GUEST[0]}").status_code == 404
    assert server.get(f"/v1/users/{GUEST[0]}/similar").status_code == 404


def test_who_is_to_be_remembered_is_found_by_others(server: Server, home: Path, fake: FakeSpotify):
    link = f"spotify:user:{MEMBER[0]}"
    assert ask(server, spotify_url=link, remember=True).json()["stored"] is True
    assert server.get(f"/v1/users/{MEMBER[0]}").json()["source"] == "spotify-api"
    near = server.get(f"/v1/users/{KNOWN}/similar").json()["recommendations"]
    assert near[0]["user_id"] == MEMBER[0]
    until(lambda: any(trace.startswith("features.db") for trace in traces_of(MEMBER, home)))


def test_the_command_takes_a_link_and_remembers_only_when_told_to(server: Server, home: Path, fake: FakeSpotify):
    shown = done(home, "retriever", "ask", LINK, "--url", server.url)
    assert f"{GUEST[0]} (not remembered" in shown
    assert traces_of(GUEST, home) == []
    refused = command(home, "retriever", "ask", "https://open.spotify.com/user/nobody", "--url", server.url)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert "Check the link" in refused.stderr


def test_a_profile_that_is_not_there_is_told(server: Server, fake: FakeSpotify):
    assert is_problem(ask(server, spotify_url="https://open.spotify.com/user/nobody"), 404, "spotify-not-found")


def test_a_link_that_is_none_is_told_and_nothing_is_asked_of_spotify(server: Server, fake: FakeSpotify):
    until(lambda: status_of(server)["mode"] == "extended")
    fake.requests.clear()
    for link in (
        "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M",
        "https://open.spotify.com.evil.example/user/ann",
        "https://open.spotify.com/user/a%2F..%2Fb",
        "https://spotify.link/abc",
        "",
    ):
        assert is_problem(ask(server, spotify_url=link), 422, "spotify-link"), link
    assert fake.requests == []


def test_what_spotify_lets_us_read_is_told(server: Server, fake: FakeSpotify):
    until(lambda: status_of(server)["mode"] == "extended")
    assert status_of(server)["login"] is True


def test_while_spotify_is_down_people_are_told_and_served_when_it_is_back(server: Server, fake: FakeSpotify):
    until(lambda: status_of(server)["mode"] == "extended")
    with away(fake):
        answer = ask(server, spotify_url=LINK)
        assert is_problem(answer, 503, "spotify-unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert server.ready()["status"] == "ready"
        assert server.get(f"/v1/users/{KNOWN}/similar").status_code == 200
    assert ask(server, spotify_url=LINK).status_code == 200


def test_how_long_spotify_wants_to_be_left_alone_is_told_and_it_is_left_alone(server: Server, fake: FakeSpotify):
    until(lambda: status_of(server)["mode"] == "extended")
    fake.fail("GET /v1/users", rate_limited(8))
    fake.requests.clear()

    answer = ask(server, spotify_url=LINK)
    again = ask(server, spotify_url=LINK)

    assert is_problem(answer, 503, "spotify-rate-limited")
    assert 1 < int(answer.headers["retry-after"]) <= 8
    assert is_problem(again, 503, "spotify-rate-limited")
    assert 1 <= int(again.headers["retry-after"]) <= 8
    assert len(fake.asked("GET /v1/users")) == 1
    until(lambda: ask(server, spotify_url=LINK).status_code == 200)


def test_a_slow_spotify_keeps_nobody_waiting_who_asks_something_else(server: Server, fake: FakeSpotify):
    until(lambda: status_of(server)["mode"] == "extended")
    fake.latency_s = 2.0
    with ThreadPoolExecutor(READERS + 1) as pool, a_browser(server) as browser:
        readings = [pool.submit(ask, server, spotify_url=LINK) for _ in range(READERS + 1)]
        until(lambda: fake.most_at_once >= READERS)
        assert server.get(f"/v1/users/{KNOWN}/similar").status_code == 200
        assert server.ready()["status"] == "ready"
        assert who(browser) is None
        assert browser.get("/v1/spotify/login", follow_redirects=False).status_code == 303
        assert fake.requests.count(("GET", f"/v1/users/{GUEST[0]}")) == READERS  # the third still waits for its turn
        assert not any(reading.done() for reading in readings)
        fake.latency_s = 0.0
        assert [reading.result().status_code for reading in readings] == [200] * len(readings)


# --- The login ---


def test_who_logs_in_asks_with_their_library_and_other_browsers_are_nobody(
    server: Server, home: Path, fake: FakeSpotify, browser: httpx.Client
):
    back = log_in(browser, fake, GUEST[0])

    assert back.json() == {"user_id": GUEST[0]}
    assert [step.status_code for step in back.history] == [303, 302]
    assert who(browser) == GUEST[0]
    told = browser.post("/v1/recommendations", json=LOGIN).json()
    assert (told["user_id"], told["stored"]) == (GUEST[0], False)
    assert KNOWN in [person["user_id"] for person in told["recommendations"]]
    assert all(trace.startswith("spotify_tokens.db") for trace in traces_of(GUEST, home))

    with a_browser(server) as other:
        assert who(other) is None
        answer = other.post("/v1/recommendations", json=LOGIN)
        assert is_problem(answer, 401, "spotify-login-needed")
        assert "/v1/spotify/login" in answer.json()["mend"]
        assert other.post("/v1/spotify/disconnect").json() == {"user_id": None, "deleted": False}
    assert browser.post("/v1/spotify/disconnect").json() == {"user_id": GUEST[0], "deleted": False}
    assert traces_of(GUEST, home) == []


def test_who_declines_is_not_logged_in(fake: FakeSpotify, browser: httpx.Client):
    fake.denies = True
    assert is_problem(log_in(browser, fake, MEMBER[0]), 401, "spotify-login-needed")
    assert who(browser) is None


def test_an_answer_of_spotifys_is_good_once_and_in_the_browser_that_asked(
    server: Server, fake: FakeSpotify, browser: httpx.Client
):
    back = log_in(browser, fake, MEMBER[0])
    assert is_problem(browser.get(str(back.url)), 401, "spotify-login-needed")
    assert who(browser) == MEMBER[0]

    with a_browser(server) as asks, a_browser(server) as other:
        to_spotify = asks.get("/v1/spotify/login", follow_redirects=False).headers["location"]
        back_to_us = asks.get(to_spotify, follow_redirects=False).headers["location"]
        assert is_problem(other.get(back_to_us), 401, "spotify-login-needed")
        other.get("/v1/spotify/login", follow_redirects=False)  # with a session of its own
        assert is_problem(other.get(back_to_us), 401, "spotify-login-needed")
        assert who(other) is None


def sealed_tokens(home: Path) -> list[bytes]:
    """The member's, as they lie in the file."""
    with closing(sqlite3.connect(home / "spotify_tokens.db")) as database:
        return [row[0] for row in database.execute("SELECT sealed FROM tokens WHERE user_id = ?", (MEMBER[0],))]


def holds(home: Path, content: bytes) -> bool:
    return any(content in file.read_bytes() for file in home.rglob("*") if file.is_file())


def is_gone(server: Server) -> bool:
    paths = (f"/v1/users/{MEMBER[0]}", f"/v1/users/{MEMBER[0]}/similar")
    return [server.get(path).status_code for path in paths] == [404, 404]


def test_who_disconnects_is_logged_out_everywhere_and_deleted_with_all_that_was_read(
    server: Server, home: Path, fake: FakeSpotify, browser: httpx.Client
):
    log_in(browser, fake, MEMBER[0])
    with a_browser(server) as other:
        log_in(other, fake, MEMBER[0])
        assert other.post("/v1/recommendations", json=JOIN).json()["stored"] is True
        assert server.get(f"/v1/users/{MEMBER[0]}").json()["source"] == "spotify-login"
        (sealed,) = sealed_tokens(home)
        assert holds(home, sealed)

        assert browser.post("/v1/spotify/disconnect").json() == {"user_id": MEMBER[0], "deleted": True}

        assert who(browser) is who(other) is None
        assert "soundalike_session" not in browser.cookies
    assert is_gone(server)
    assert not holds(home, sealed)
    # How the index is rid of their bytes, tests/whole/test_privacy.py tells of everybody who is deleted.
    until(lambda: all(trace.startswith("index/") for trace in traces_of(MEMBER, home)))


def test_who_is_deleted_is_logged_out(server: Server, home: Path, fake: FakeSpotify, browser: httpx.Client):
    log_in(browser, fake, MEMBER[0])
    assert browser.post("/v1/recommendations", json=JOIN).json()["stored"] is True
    (sealed,) = sealed_tokens(home)
    assert httpx.delete(f"{server.url}/v1/users/{MEMBER[0]}", timeout=150).status_code == 204
    assert is_gone(server)
    assert not holds(home, sealed)
    assert who(browser) is None
    assert is_problem(browser.post("/v1/recommendations", json=LOGIN), 401, "spotify-login-needed")


def test_who_takes_the_login_back_at_spotify_has_to_log_in_again_and_nothing_of_them_is_kept(
    server: Server, home: Path, fake: FakeSpotify, browser: httpx.Client
):
    log_in(browser, fake, MEMBER[0])
    assert browser.post("/v1/recommendations", json=JOIN).json()["stored"] is True
    fake.revoke(MEMBER[0])
    fake.expire_tokens()

    assert is_problem(browser.post("/v1/recommendations", json=LOGIN), 401, "spotify-login-ended")

    assert who(browser) is None
    assert is_gone(server)
    assert log_in(browser, fake, MEMBER[0]).json() == {"user_id": MEMBER[0]}
    assert browser.post("/v1/recommendations", json=LOGIN).status_code == 200


# --- Other servers ---


def test_in_development_mode_people_log_in_and_links_are_refused_with_what_works(as_it_was: Path, fake: FakeSpotify):
    fake.mode = "dev"
    fake.allow(MEMBER[0])
    port = a_free_port()
    dashboard = "http://127.0.0.1:1/"
    with a_server(as_it_was, port=port, **settings(fake, port, SOUNDALIKE_DASHBOARD_URL=dashboard)) as server:
        until(lambda: status_of(server)["mode"] == "dev")
        assert "development mode" in status_of(server)["why"]
        refused = ask(server, spotify_url=LINK)
        assert is_problem(refused, 403, "spotify-forbidden")
        assert "log in with Spotify" in refused.json()["mend"]
        assert "upload your data export" in refused.json()["mend"]

        with a_browser(server) as browser:
            assert log_in_up_to(browser, fake, MEMBER[0]).headers["location"] == f"{dashboard}?spotify=logged-in"
            answer = browser.post("/v1/recommendations", json=LOGIN)
            assert answer.status_code == 200, answer.text
            assert answer.json()["recommendations"]
            assert browser.post("/v1/spotify/disconnect").json()["user_id"] == MEMBER[0]
            back = log_in_up_to(browser, fake, KNOWN)  # who is not on the app's list
            assert back.headers["location"] == f"{dashboard}?spotify=spotify-forbidden"
            assert who(browser) is None


def log_in_up_to(browser: httpx.Client, fake: FakeSpotify, who: str) -> httpx.Response:
    """A login, up to where the browser is sent back to the dashboard."""
    fake.logs_in_as = who
    to_spotify = browser.get("/v1/spotify/login", follow_redirects=False).headers["location"]
    back_to_us = browser.get(to_spotify, follow_redirects=False).headers["location"]
    answer = browser.get(back_to_us, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer


def test_without_an_app_all_that_has_to_do_with_spotify_says_so(as_it_was: Path):
    with a_server(as_it_was) as server, a_browser(server) as browser:
        until(lambda: "set up" in status_of(server)["why"])
        assert (status_of(server)["mode"], status_of(server)["login"]) == ("none", False)
        refused = ask(server, spotify_url=LINK)
        assert is_problem(refused, 403, "spotify-not-configured")
        assert "Upload your data export" in refused.json()["mend"]
        assert is_problem(browser.get("/v1/spotify/login"), 403, "spotify-not-configured")
        assert is_problem(browser.post("/v1/recommendations", json=LOGIN), 403, "spotify-not-configured")
        assert who(browser) is None
        assert browser.post("/v1/spotify/disconnect").json() == {"user_id": None, "deleted": False}


def test_a_login_outlives_a_restart_and_a_server_starts_without_spotify(as_it_was: Path, fake: FakeSpotify):
    port = a_free_port()
    with a_server(as_it_was, port=port, **settings(fake, port)) as server, a_browser(server) as browser:
        log_in(browser, fake, MEMBER[0])
        cookies = browser.cookies
    with ExitStack() as stack:
        with away(fake):
            server = stack.enter_context(a_server(as_it_was, port=port, **settings(fake, port)))
            browser = stack.enter_context(a_browser(server))
            browser.cookies = cookies
            assert who(browser) == MEMBER[0]
            assert is_problem(browser.post("/v1/recommendations", json=LOGIN), 503, "spotify-unavailable")
            assert is_problem(ask(server, spotify_url=LINK), 503, "spotify-unavailable")
            until(lambda: "reached" in status_of(server)["why"])
        assert browser.post("/v1/recommendations", json=LOGIN).json()["user_id"] == MEMBER[0]
        until(lambda: ask(server, spotify_url=LINK).status_code == 200)  # that it was away is remembered for 10 s


# --- What may not be kept for long ---


def test_who_was_read_long_ago_expires_and_a_running_server_forgets_them(server: Server, home: Path):
    ids = [UserId(f"synthetic-{number:06}") for number in range(10, 14)]
    link, login, young, other = ids
    store = SqliteFeatureStore(home / "features.db")
    people = store.get(ids)
    sources = {link: "spotify-api", login: "spotify-login", young: "spotify-api", other: "listenbrainz"}
    days = {link: 31, login: 31, young: 29, other: 400}
    now = datetime.now(UTC)
    store.upsert([replace(people[one], source=sources[one], updated_at=now - timedelta(days=days[one])) for one in ids])
    assert server.get(f"/v1/users/{link}/similar").status_code == 200

    run = command(home, "features", "expire")

    assert run.returncode == 0, run.stderr
    assert "expired 2" in run.stderr
    until(lambda: server.get(f"/v1/users/{link}/similar").status_code == 404)
    found = {user_id for user_id in ids if server.get(f"/v1/users/{user_id}").status_code == 200}
    assert found == {young, other}
    assert "expired 0" in command(home, "features", "expire").stderr
    store.close()
