"""Profiles that are read at Spotify and ListenBrainz, and who is not to be found."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from features.profile import UserId
from retriever.reconcile import Differences
from retriever.spotify_watch import SpotifyWatch
from tests.builders import NOW
from tests.fakes.spotify import a_track
from tests.fakes.spotify.answers import rate_limited
from tests.retriever.spotify_scene import ANN, Scene, a_scene
from tests.small_world import SmallWorld
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy")


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


@pytest.mark.parametrize("is_delivered", [False, True])
@pytest.mark.parametrize("source", ["spotify-login", "spotify-export", "by-hand"])
def test_a_link_never_replaces_what_somebody_brought_themselves(scene: Scene, source: str, is_delivered: bool):
    mine = {"user_id": "ann", "source": source, "playlists": [{"tracks": [{"artist": "Scene 0 artist 1"}]}]}
    if source == "spotify-login":
        scene.log_in()
    brought = {"spotify_login": True, "remember": True} if source == "spotify-login" else {"profile": mine}
    assert scene.ask(**brought).json()["stored"]
    if is_delivered:
        until(lambda: scene.parts.outbox.depth().waiting == 0)

    refused = scene.ask(spotify_url=ANN, remember=True)

    assert (refused.status_code, refused.json()["code"]) == (409, "theirs-already")
    assert "Log in with Spotify" in refused.json()["mend"]
    assert scene.api.get("/v1/users/ann").json()["source"] == source
    assert scene.ask(spotify_url=ANN).status_code == 200


def test_a_link_replaces_what_was_read_by_a_link_before(scene: Scene):
    for _ in range(2):
        assert scene.ask(spotify_url=ANN, remember=True).json()["stored"]


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


def test_deleting_somebody_also_forgets_what_is_left_of_a_reading(scene: Scene):
    scene.spotify.fail("GET /v1/artists", rate_limited(3600))
    assert scene.ask(spotify_url=ANN).status_code == 503
    kept = scene.world.folder / "spotify" / "readings.db"

    def playlists() -> int:
        with closing(sqlite3.connect(kept)) as database:
            return database.execute("SELECT count(*) FROM playlists").fetchone()[0]

    assert playlists() == 1
    scene.api.delete("/v1/users/ann")
    assert playlists() == 0


def test_only_as_many_playlists_are_read_as_are_asked_for(scene: Scene):
    scene.spotify.world.with_playlist("ann", "Monday", tracks=[a_track("Scene 0 artist 3")])
    scene.ask(spotify_url=ANN, playlists=1)
    assert len(scene.spotify.asked("GET /v1/playlists/")) == 1
    scene.ask(spotify_url=ANN, playlists=1000)  # more than are ever chosen: all
    assert len(scene.spotify.asked("GET /v1/playlists/")) == 3


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


def test_who_does_not_agree_to_be_found_is_in_no_index_and_stays_in_the_store(world: SmallWorld):
    with a_scene(world) as scene:
        (somebody,) = world.store.get([UserId("person-1")]).values()
        world.store.upsert([replace(somebody, consented_at=None, updated_at=NOW)])

        def is_indexed() -> bool:
            with scene.parts.live.lease() as unit:
                return bool(unit.index.get([UserId("person-1")]))

        until(lambda: not is_indexed())
        assert scene.parts.reconciler.mend() == Differences((), (), ())
        assert world.store.get([UserId("person-1")])
        world.publish()
        until(lambda: scene.parts.live.version.name != "users-v3-b1")
        assert not is_indexed()


def hide_person_1(world: SmallWorld) -> None:
    (somebody,) = world.store.get([UserId("person-1")]).values()
    world.store.upsert([replace(somebody, consented_at=None, updated_at=NOW)])
    world.publish()


@pytest.mark.parametrize(
    "path", ["/v1/users/person-1", "/v1/users/person-1/similar", "/v1/users/person-1/compatibility/person-2"]
)
def test_nothing_is_told_of_who_does_not_agree_to_be_found(world: SmallWorld, path: str):
    hide_person_1(world)
    with a_scene(world) as scene:
        asked = scene.api.get(path)
        assert (asked.status_code, asked.json()["code"]) == (404, "unknown-user")


def test_nobody_is_compared_by_the_id_of_who_does_not_agree_to_be_found(world: SmallWorld):
    hide_person_1(world)
    with a_scene(world) as scene:
        for question in ({"user_id": "person-1"}, {"user_id": "person-1", "playlists": 1}):
            asked = scene.api.post("/v1/recommendations", json=question)
            assert (asked.status_code, asked.json()["code"]) == (404, "unknown-user"), question


def test_who_does_not_agree_to_be_found_can_still_be_exported_and_deleted(world: SmallWorld):
    hide_person_1(world)
    with a_scene(world) as scene:
        assert scene.api.get("/v1/users/person-1/export").status_code == 200
        assert scene.api.delete("/v1/users/person-1").status_code == 204
        assert scene.api.get("/v1/users/person-1/export").status_code == 404
