"""Profiles that are read at Spotify and ListenBrainz: the API over the stand-in, with real spotipy."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from features.profile import Playlist, TasteProfile, Track, UserId
from features.spotify.compose import open_spotify
from features.spotify.login import Login
from retriever.app import create_app
from retriever.browser_session import COOKIE
from retriever.elsewhere import Elsewhere, SpotifyDoor
from retriever.parts import Parts
from retriever.spotify_watch import SpotifyWatch
from tests.builders import NOW
from tests.fakes.spotify import FakeSpotify, a_track, a_world
from tests.fakes.spotify.answers import rate_limited, token_invalid
from tests.features.spotify.reading_world import Clock, settings_of
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy")
ANN = "https://open.spotify.com/user/ann"
ROB = TasteProfile(
    user_id="listenbrainz:rob",
    source="listenbrainz",
    playlists=(Playlist(tracks=(Track(artist="Scene 0 artist 1", plays=3),)),),
)


@dataclass
class Scene:
    """The API, the Spotify that it reads, and its parts."""

    api: TestClient
    spotify: FakeSpotify
    parts: Parts
    world: SmallWorld

    def ask(self, **asked: Any) -> httpx.Response:
        return self.api.post("/v1/recommendations", json=asked)

    def log_in(self, person: str = "ann") -> httpx.Response:
        """Follow the browser's way, as far as the callback's answer."""
        self.spotify.logs_in_as = person
        away = self.api.get("/v1/spotify/login", follow_redirects=False)
        assert away.status_code == 303
        back = httpx.get(away.headers["location"])
        return self.api.get(_path(back.headers["location"]), follow_redirects=False)

    def knows(self, user_id: str) -> bool:
        return self.api.get(f"/v1/users/{user_id}").status_code == 200


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@contextmanager
def a_scene(world: SmallWorld, mode: str = "extended", *, app: bool = True, **changes: Any) -> Iterator[Scene]:
    tracks = [a_track("Scene 0 artist 1", "one", year="1971", genres=["folk"]), a_track("Scene 0 artist 2", "two")]
    people = a_world().with_user("ann", display_name="Ann").with_playlist("ann", "Sunday", tracks=tracks)
    with FakeSpotify(people, mode=mode) as spotify, ExitStack() as stack:
        more = {} if app else {"client_id": None, "client_secret": None}
        settings = settings_of(spotify, **more)
        reading = stack.enter_context(open_spotify(settings, world.folder, gate=Clock().gate(), backoff_s=0.001))
        login = stack.enter_context(closing(Login(settings, world.folder))) if app else None
        places = Elsewhere(SpotifyDoor(reading, login, 1000), lambda _name: ROB)
        opened: list[Parts] = []
        service = SETTINGS.model_copy(update=changes)

        def parts(metrics: Any) -> Parts:
            opened.append(world.parts(metrics, service, elsewhere=places))
            return opened[0]

        with TestClient(create_app(parts, service), raise_server_exceptions=False) as api:
            yield Scene(api, spotify, opened[0], world)


@pytest.fixture
def scene(world: SmallWorld) -> Iterator[Scene]:
    with a_scene(world) as scene:
        yield scene


def test_a_link_to_a_profile_gives_the_people_nearest_to_it_and_keeps_nothing(scene: Scene):
    answer = scene.ask(spotify_url=ANN)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["user_id"], told["stored"]) == ("ann", False)
    assert len(told["recommendations"]) == 10
    assert told["coverage"]["years"] > 0
    assert not scene.knows("ann")


def test_whoever_says_so_joins_with_what_was_read(scene: Scene):
    assert scene.ask(spotify_url="spotify:user:ann", remember=True).json()["stored"]
    told = scene.api.get("/v1/users/ann").json()
    assert (told["source"], told["display_name"], told["profile_url"]) == ("spotify-api", "Ann", ANN)


@pytest.mark.parametrize("asker", [{"listenbrainz": "rob"}, {"spotify_url": ANN}])
def test_that_remember_is_true_otherwise_is_no_consent_for_what_is_read_elsewhere(scene: Scene, asker: dict):
    assert scene.ask(**asker).json()["stored"] is False
    assert scene.ask(**asker, remember=True).json()["stored"] is True


@pytest.mark.parametrize(
    "link", ["http://open.spotify.com/user/ann", "https://example.org/user/ann", "https://open.spotify.com/user/%2e%2e"]
)
def test_what_is_no_link_to_a_profile_is_said(scene: Scene, link: str):
    answer = scene.ask(spotify_url=link)
    assert (answer.status_code, answer.json()["code"]) == (422, "spotify-link")
    assert scene.spotify.asked("GET /v1/users/ann") == []


def test_nobody_of_that_name_is_said(scene: Scene):
    answer = scene.ask(spotify_url="spotify:user:nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "spotify-not-found")


def test_only_one_asker_is_taken(scene: Scene):
    answer = scene.ask(spotify_url=ANN, user_id="person-1")
    assert answer.status_code == 422
    assert "give one of" in answer.json()["detail"]


def test_what_is_read_elsewhere_is_asked_about_one_at_a_time(scene: Scene):
    asks = [{"spotify_url": ANN}, {"user_id": "person-1"}]
    first, second = scene.api.post("/v1/recommendations:batch", json={"asks": asks}).json()["results"]
    assert first["problem"]["errors"][0]["where"] == "spotify_url"
    assert second["answer"]["user_id"] == "person-1"


def test_a_long_wait_that_spotify_asks_for_is_handed_on_at_once(scene: Scene):
    scene.spotify.fail("GET /v1/users/ann", rate_limited(3600))
    answer = scene.ask(spotify_url=ANN)
    assert (answer.status_code, answer.json()["code"]) == (503, "spotify-rate-limited")
    assert 3500 <= int(answer.headers["retry-after"]) <= 3600


def test_a_reading_that_takes_longer_than_a_request_may_goes_on_with_the_next_request(world: SmallWorld):
    with a_scene(world, request_timeout_s=1.0) as scene:
        for number in range(40):  # six at once take seven rounds, before and after which there are three more
            tracks = [a_track(f"Scene 0 artist {number}")]
            scene.spotify.world.with_playlist("ann", f"mix {number}", tracks=tracks)
        scene.spotify.latency_s = 0.15
        answer = scene.ask(spotify_url=ANN)
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        until(lambda: scene.ask(spotify_url=ANN).status_code == 200)


def test_in_development_mode_the_answer_names_the_ways_that_work(world: SmallWorld):
    with a_scene(world, "dev") as scene:
        answer = scene.ask(spotify_url=ANN)
        assert (answer.status_code, answer.json()["code"]) == (403, "spotify-forbidden")
        assert "log in" in answer.json()["mend"].lower()
        assert "export" in answer.json()["mend"]


@pytest.mark.parametrize(
    ("mode", "app", "found"), [("extended", True, "extended"), ("dev", True, "dev"), ("dev", False, "none")]
)
def test_the_status_tells_the_mode_that_was_found_out_at_the_start(world: SmallWorld, mode: str, app: bool, found: str):
    with a_scene(world, mode, app=app) as scene:
        until(lambda: scene.api.get("/v1/status").json()["spotify"]["mode"] == found)
        told = scene.api.get("/v1/status").json()["spotify"]
        assert told["login"] is app
        assert "not asked yet" not in told["why"]


def test_the_watch_says_why_nothing_is_known_and_looks_again(world: SmallWorld, caplog: pytest.LogCaptureFixture):
    with a_scene(world) as scene:
        until(lambda: scene.api.get("/v1/status").json()["spotify"]["mode"] == "extended")  # its own watch has looked
        watch = SpotifyWatch(scene.parts.elsewhere.spotify)
        assert watch.status.mode == "none"
        with caplog.at_level(logging.INFO):
            watch.step()
            watch.step()
        assert watch.status.mode == "extended"
        assert [r.getMessage() for r in caplog.records if r.name == "retriever.spotify_watch"] == [
            "Spotify, access mode extended: Spotify lets this app read public profiles."
        ]


def test_who_logs_in_is_found_by_their_library(world: SmallWorld):
    with a_scene(world, "dev") as scene:
        assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}
        assert scene.ask(spotify_login=True).status_code == 401
        assert scene.log_in().json() == {"user_id": "ann"}
        assert scene.api.get("/v1/spotify/me").json() == {"user_id": "ann"}
        answer = scene.ask(spotify_login=True, remember=True)
        assert answer.json()["user_id"] == "ann"
        assert scene.api.get("/v1/users/ann").json()["source"] == "spotify-login"


def test_the_session_is_another_one_after_the_login_and_no_script_sees_it(scene: Scene):
    away = scene.api.get("/v1/spotify/login", follow_redirects=False)
    before = scene.api.cookies[COOKIE]
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in away.headers["set-cookie"].split(";")}
    scene.log_in()
    assert scene.api.cookies[COOKIE] != before


def test_another_browser_cannot_finish_a_login(scene: Scene):
    scene.spotify.logs_in_as = "ann"
    away = scene.api.get("/v1/spotify/login", follow_redirects=False)
    back = _path(httpx.get(away.headers["location"]).headers["location"])
    scene.api.cookies.clear()
    assert scene.api.get(back, follow_redirects=False).status_code == 401
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}


def test_a_browser_goes_on_to_the_dashboard_whatever_came_of_the_login(world: SmallWorld):
    with a_scene(world, dashboard_url="http://127.0.0.1:8501/") as scene:
        assert scene.log_in().headers["location"] == "http://127.0.0.1:8501/?spotify=logged-in"
        scene.spotify.denies = True
        assert scene.log_in().headers["location"] == "http://127.0.0.1:8501/?spotify=spotify-login-needed"


def test_disconnecting_deletes_what_came_from_spotify_and_the_login(scene: Scene):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": "ann", "deleted": True}
    assert not scene.knows("ann")
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}
    assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": None, "deleted": False}


def test_disconnecting_leaves_what_was_uploaded(scene: Scene):
    scene.log_in()
    uploaded = {"user_id": "ann", "source": "by-hand", "playlists": [{"tracks": [{"artist": "Scene 0 artist 1"}]}]}
    scene.ask(profile=uploaded)
    assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": "ann", "deleted": False}
    assert scene.knows("ann")


def test_a_token_that_spotify_refuses_before_its_time_is_replaced_and_nobody_is_deleted(scene: Scene):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    scene.spotify.expire_tokens()
    assert scene.ask(spotify_login=True).status_code == 200
    scene.spotify.fail("GET /v1/me", token_invalid(), times=9)  # whatever token it is
    answer = scene.ask(spotify_login=True)
    assert (answer.status_code, answer.json()["code"]) == (401, "spotify-login-needed")
    assert scene.knows("ann")
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": "ann"}


def test_nobody_is_deleted_where_it_is_the_key_for_the_tokens_that_is_lost(scene: Scene):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    with sqlite3.connect(scene.world.folder / "spotify_tokens.db") as database:
        database.execute("UPDATE tokens SET sealed = x'00'")
    database.close()
    answer = scene.ask(spotify_login=True)
    assert (answer.status_code, answer.json()["code"]) == (401, "spotify-login-needed")
    assert scene.knows("ann")


def test_who_takes_the_login_back_at_spotify_is_deleted_when_that_is_seen(scene: Scene):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    scene.spotify.revoke("ann")
    scene.spotify.expire_tokens()
    answer = scene.ask(spotify_login=True)
    assert (answer.status_code, answer.json()["code"]) == (401, "spotify-login-ended")
    assert not scene.knows("ann")


def test_deleting_a_person_ends_their_login(scene: Scene):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    assert scene.api.delete("/v1/users/ann").status_code == 204
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}


def test_without_an_app_there_is_no_login(world: SmallWorld):
    with a_scene(world, app=False) as scene:
        answer = scene.api.get("/v1/spotify/login", follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (403, "spotify-not-configured")
        assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": None, "deleted": False}


def test_who_does_not_agree_to_be_found_is_in_no_index_and_stays_in_the_store(world: SmallWorld):
    from retriever.reconcile import Differences

    with a_scene(world) as scene:
        (somebody,) = world.store.get([UserId("person-1")]).values()
        world.store.upsert([replace(somebody, consent=False, updated_at=NOW)])

        def is_indexed() -> bool:
            with scene.parts.live.lease() as unit:
                return bool(unit.index.get([UserId("person-1")]))

        until(lambda: not is_indexed())
        assert scene.parts.reconciler.mend() == Differences((), (), ())
        assert world.store.get([UserId("person-1")])
        world.publish()
        until(lambda: scene.parts.live.version.name != "users-v3-b1")
        assert not is_indexed()
