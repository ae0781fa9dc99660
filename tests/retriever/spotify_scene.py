"""The API over the stand-in of Spotify, with real spotipy; shared by the tests of links and of logins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from fastapi.testclient import TestClient

from features.profile import Playlist, TasteProfile, Track
from features.spotify.compose import open_spotify
from features.spotify.login import Login
from retriever.app import create_app
from retriever.elsewhere import Elsewhere, SpotifyDoor
from retriever.parts import Parts
from tests.fakes.spotify import FakeSpotify, a_track, a_world
from tests.features.spotify.reading_world import Clock, settings_of
from tests.small_world import SETTINGS, SmallWorld

ANN: Final = "https://open.spotify.com/user/ann"
ROB = TasteProfile(
    user_id="listenbrainz:rob",
    source="listenbrainz",
    playlists=(Playlist(tracks=(Track(artist="Scene 0 artist 1", plays=3),)),),
)


@dataclass
class Later:
    """A clock that may be put forward."""

    by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass
class Scene:
    """The API, the Spotify that it reads, and its parts."""

    api: TestClient
    spotify: FakeSpotify
    parts: Parts
    world: SmallWorld
    logins: Later

    def ask(self, **asked: Any) -> httpx.Response:
        return self.api.post("/v1/recommendations", json=asked)

    def log_in(self, person: str = "ann") -> httpx.Response:
        """Follow the browser's way, as far as the callback's answer."""
        self.spotify.logs_in_as = person
        away = self.api.get("/v1/spotify/login", follow_redirects=False)
        assert away.status_code == 303
        back = httpx.get(away.headers["location"])
        return self.api.get(path_of(back.headers["location"]), follow_redirects=False)

    def knows(self, user_id: str) -> bool:
        return self.api.get(f"/v1/users/{user_id}").status_code == 200


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@contextmanager
def a_scene(
    world: SmallWorld, mode: str = "extended", *, app: bool = True, is_https: bool = False, **changes: Any
) -> Iterator[Scene]:
    tracks = [a_track("Scene 0 artist 1", "one", year="1971", genres=["folk"]), a_track("Scene 0 artist 2", "two")]
    people = a_world().with_user("ann", display_name="Ann").with_playlist("ann", "Sunday", tracks=tracks)
    with FakeSpotify(people, mode=mode) as spotify, ExitStack() as stack:
        more = {} if app else {"client_id": None, "client_secret": None}
        settings, later = settings_of(spotify, **more), Later()
        reading = stack.enter_context(open_spotify(settings, world.folder, gate=Clock().gate(), backoff_s=0.001))
        login = stack.enter_context(closing(Login(settings, world.folder, clock=later))) if app else None
        places = Elsewhere(SpotifyDoor(reading, login, 1000, is_https), lambda _name: ROB)
        opened: list[Parts] = []
        service = SETTINGS.model_copy(update=changes)

        def parts(metrics: Any) -> Parts:
            opened.append(world.parts(metrics, service, elsewhere=places))
            return opened[0]

        with TestClient(create_app(parts, service), raise_server_exceptions=False) as api:
            yield Scene(api, spotify, opened[0], world, later)
