"""Ann, Bob and their browsers, with a clock that is set by hand; shared by the tests of logins and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import SecretStr

from features.profile import UserId
from features.spotify.login import Login
from features.spotify.settings import SpotifySettings
from tests.fakes.spotify import FakeSpotify, a_world

ANN, BOB = UserId("ann"), UserId("bob")
ANNS, BOBS = "session-of-anns-browser", "session-of-bobs-browser"
SETTINGS = {"accounts_url", "api_url", "client_id"}


class Clock:
    """Stands still until somebody lets time pass."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **more: float) -> None:
        self.now += timedelta(**more)


class Desk:
    """A home with logins, and the Spotify that they are made with."""

    def __init__(self, fake: FakeSpotify, home: Path) -> None:
        self.fake = fake
        self.home = home
        self.clock = Clock()
        self.login = self.another()

    def another(self, **more: object) -> Login:
        """The logins of the same home, as another process would open them."""
        return Login(settings_of(self.fake, **more), self.home, clock=self.clock)

    def restart(self, **more: object) -> None:
        """End, and begin again."""
        self.login.close()
        self.login = self.another(**more)

    def agrees(self, url: str, person: str = "ann") -> dict[str, str]:
        """What the browser of a person who was sent to ``url`` brings back."""
        self.fake.logs_in_as = person
        answer = httpx.get(url, timeout=10)
        assert answer.status_code == 302, answer.text
        return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def logs_in(self, person: str = "ann", session: str = ANNS) -> UserId:
        """The whole way."""
        return self.login.finish(session, **self.agrees(self.login.begin(session), person))

    def refreshes(self) -> int:
        """How often tokens were asked for."""
        return len(self.fake.asked("POST /api/token"))

    def files(self) -> bytes:
        """All that lies in the home, names and bytes."""
        return b"".join(str(file).encode() + file.read_bytes() for file in self.home.rglob("*") if file.is_file())


def settings_of(fake: FakeSpotify, **more: object) -> SpotifySettings:
    """Of an app that the fake knows."""
    token_key = more.pop("token_key", None)
    return SpotifySettings.model_validate(
        {
            "client_id": fake.client_id,
            "api_url": fake.api_url,
            "accounts_url": fake.accounts_url,
            "timeout_s": 10.0,
            "token_key": None if token_key is None else SecretStr(str(token_key)),
            **more,
        }
    )


@contextmanager
def a_desk(home: Path) -> Iterator[Desk]:
    """A new home, with a Spotify in development mode."""
    world = a_world().with_user("ann").with_user("bob")
    with FakeSpotify(world, mode="dev") as fake:
        desk = Desk(fake, home)
        yield desk
        desk.login.close()
