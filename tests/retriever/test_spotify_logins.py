"""Logging in with Spotify over the API, and taking that back: here, at Spotify, or by being deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import httpx
import pytest

from features.errors import StoreError
from features.profile import UserId
from features.user_features import UserFeatures
from retriever.answers import Recommendations
from retriever.browser_session import COOKIE
from retriever.options import Options
from retriever.spotify_watch import SpotifyWatch
from tests.fakes.spotify.answers import rate_limited, token_invalid
from tests.retriever.spotify_scene import ANN, Scene, a_scene, path_of
from tests.small_world import SmallWorld

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy")


@pytest.fixture
def scene(world: SmallWorld) -> Iterator[Scene]:
    with a_scene(world) as scene:
        yield scene


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
    back = path_of(httpx.get(away.headers["location"]).headers["location"])
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
    assert COOKIE not in scene.api.cookies
    assert not scene.knows("ann")
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}
    assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": None, "deleted": False}


def kept_of_readings(scene: Scene) -> int:
    with closing(sqlite3.connect(scene.world.folder / "spotify" / "readings.db")) as database:
        count: int = database.execute("SELECT count(*) FROM playlists").fetchone()[0]
        return count


def when_a_playlist_was_read(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    def step(what: str, done: int, _total: int) -> None:
        if (what, done) == ("playlists", 1):
            happens()

    monkeypatch.setattr("retriever.elsewhere._while_wanted", step)


def test_who_disconnects_while_their_library_is_read_leaves_nothing_of_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    scene.log_in()
    when_a_playlist_was_read(monkeypatch, lambda: scene.api.post("/v1/spotify/disconnect"))
    assert scene.ask(spotify_login=True).status_code == 401
    assert kept_of_readings(scene) == 0


def test_who_takes_the_login_back_at_spotify_leaves_nothing_of_a_reading_either(scene: Scene):
    scene.log_in()
    scene.spotify.fail("GET /v1/artists", rate_limited(3600))
    scene.ask(spotify_login=True)
    assert kept_of_readings(scene) > 0
    scene.spotify.revoke("ann")
    scene.logins.by = timedelta(hours=1)
    watch = SpotifyWatch(scene.parts.elsewhere.spotify, on_ended=scene.parts.members.forget_spotify)
    watch.step()
    assert kept_of_readings(scene) == 0


def test_who_disconnects_before_they_have_joined_does_not_join(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    scene.log_in()
    recommend = scene.parts.service.recommend

    def after_that(person: UserFeatures, options: Options) -> Recommendations:
        assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": "ann", "deleted": False}
        return recommend(person, options)

    monkeypatch.setattr(scene.parts.service, "recommend", after_that)
    answer = scene.ask(spotify_login=True, remember=True)
    assert (answer.status_code, answer.json()["code"]) == (401, "spotify-login-needed")
    assert not scene.knows("ann")


@pytest.mark.parametrize("uploaded", [False, True])
def test_the_login_goes_in_the_same_turn_as_the_person_so_that_nobody_joins_in_between(scene: Scene, uploaded: bool):
    scene.log_in()
    if uploaded:
        scene.ask(profile={"user_id": "ann", "playlists": [{"tracks": [{"artist": "Scene 0 artist 1"}]}]})
    assert scene.parts.members.forget_spotify(UserId("ann")) is False
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}


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
    scene.parts.elsewhere.spotify.check_logins()
    assert scene.parts.elsewhere.spotify.ended() == []
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


def test_a_login_taken_back_at_spotify_is_noticed_without_anybody_asking(scene: Scene):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    door = scene.parts.elsewhere.spotify
    scene.spotify.revoke("ann")
    assert door.login is not None
    gone: list[str] = []
    watch = SpotifyWatch(door, on_ended=gone.append)
    watch.step()  # the token is good for a while
    assert gone == []
    scene.logins.by = timedelta(days=1)
    watch.step()  # a day is not over for it
    assert gone == []
    for _look in range(2):
        SpotifyWatch(door, on_ended=scene.parts.members.forget_spotify).step()
    assert not scene.knows("ann")


def full(_user_id: str) -> None:
    raise StoreError("The disk is full.", "Make room.")


def test_who_took_the_login_back_and_cannot_be_deleted_at_once_is_deleted_by_the_watch(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)
    scene.spotify.revoke("ann")
    scene.spotify.expire_tokens()
    watch = SpotifyWatch(scene.parts.elsewhere.spotify, on_ended=scene.parts.members.forget_spotify)
    with monkeypatch.context() as patch:
        patch.setattr(scene.parts.outbox, "remove", full)
        assert scene.ask(spotify_login=True).status_code >= 500
        watch.step()
    assert scene.knows("ann")
    watch.step()
    assert not scene.knows("ann")
    assert scene.parts.elsewhere.spotify.ended() == []


def test_that_spotify_does_not_tell_of_somebody_keeps_nobody_else_and_neither_does_a_deletion_that_fails(scene: Scene):
    for person in ("ann", "bob", "cid"):
        scene.spotify.world.with_user(person)
        scene.log_in(person)
        scene.api.cookies.clear()
    scene.logins.by = timedelta(hours=1)
    for person in ("bob", "cid"):
        scene.spotify.revoke(person)
    scene.spotify.fail("POST /api/token", rate_limited(7))  # of ann, who is asked about first
    told: list[str] = []

    def fails(user_id: str) -> None:
        told.append(user_id)
        full(user_id)

    SpotifyWatch(scene.parts.elsewhere.spotify, on_ended=fails).step()
    assert told == ["bob", "cid"]


def test_a_disconnection_that_fails_can_be_tried_again(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    scene.log_in()
    scene.ask(spotify_login=True, remember=True)

    with monkeypatch.context() as patch:
        patch.setattr(scene.parts.outbox, "remove", full)
        assert scene.api.post("/v1/spotify/disconnect").status_code >= 500
    assert scene.api.post("/v1/spotify/disconnect").json() == {"user_id": "ann", "deleted": True}
    assert not scene.knows("ann")


def test_deleting_somebody_who_logged_in_and_never_joined_ends_the_login(scene: Scene):
    scene.log_in()
    assert scene.api.delete("/v1/users/ann").status_code == 404
    assert scene.api.get("/v1/spotify/me").json() == {"user_id": None}


@pytest.mark.parametrize("is_https", [False, True])
def test_the_session_goes_only_by_https_where_the_server_is_reached_so(world: SmallWorld, is_https: bool):
    with a_scene(world, is_https=is_https) as scene:
        away = scene.api.get("/v1/spotify/login", follow_redirects=False)
        assert ("secure" in away.headers["set-cookie"].lower()) is is_https


def test_the_watch_keeps_nothing_that_is_over(scene: Scene):
    scene.log_in()
    scene.spotify.fail("GET /v1/artists", rate_limited(3600))
    scene.ask(spotify_url=ANN)
    files = {"spotify_tokens.db": "tokens SET authorised_at", "spotify/readings.db": "playlists SET read_at"}
    for name, column in files.items():
        with closing(sqlite3.connect(scene.world.folder / name)) as database, database:
            assert database.execute(f"UPDATE {column} = 1").rowcount == 1  # long ago

    SpotifyWatch(scene.parts.elsewhere.spotify).step()

    for name, column in files.items():
        with closing(sqlite3.connect(scene.world.folder / name)) as database:
            assert database.execute(f"SELECT count(*) FROM {column.split()[0]}").fetchone() == (0,)  # noqa: S608
