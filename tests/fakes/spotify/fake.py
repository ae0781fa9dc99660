"""FakeSpotify: the stand-in as tests and demos see it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from .faults import Fault, Faults
from .log import Log
from .server import Server
from .state import Mode, State
from .tokens import Consent
from .world import World

ALL_SCOPES = "playlist-read-private playlist-read-collaborative user-library-read user-top-read user-follow-read"


class FakeSpotify(State):
    """Spotify's Web API and accounts service on this machine, as they are in 2026.

    A context manager. Everything that ``State`` names may be set while it runs::

        with FakeSpotify(a_world().with_user("ann")) as fake:
            fake.mode = "dev"
            fake.fail("GET /v1/me", rate_limited(2))
    """

    def __init__(self, world: World, mode: Mode = "extended", latency_s: float = 0.0) -> None:
        super().__init__(world, mode, latency_s)
        self._log, self._faults = Log(), Faults()
        self._server: Server | None = None

    def __enter__(self) -> Self:
        if self._server is None:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, port: int = 0) -> None:
        """Serve on that port of the loopback interface, or on one that is free."""
        self._server = Server(("127.0.0.1", port), self, self._log, self._faults)
        self.accounts_url = f"http://127.0.0.1:{self._server.server_port}"
        self.api_url = f"{self.accounts_url}/v1/"

    def close(self) -> None:
        """Stop serving; connections break off."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def variables(self) -> dict[str, str]:
        """Settings of a program that is to talk to this stand-in."""
        return {
            "SOUNDALIKE_SPOTIFY_CLIENT_ID": self.client_id,
            "SOUNDALIKE_SPOTIFY_CLIENT_SECRET": self.client_secret,
            "SOUNDALIKE_SPOTIFY_API_URL": self.api_url,
            "SOUNDALIKE_SPOTIFY_ACCOUNTS_URL": self.accounts_url,
        }

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method, and path with query, of all that was asked, in order."""
        return self._log.requests

    @property
    def most_at_once(self) -> int:
        """The most requests that were under way together."""
        return self._log.most_at_once

    def asked(self, start: str) -> list[tuple[str, str]]:
        """Requests whose "METHOD path" begins so."""
        return self._log.asked(start)

    def fail(self, start: str, fault: Fault, *, times: float = 1, after: int = 0) -> None:
        """Requests whose "METHOD path" begins so are hit: so many times, and not the first ``after`` of them."""
        self._faults.order(start, fault, times=times, after=after)

    def clear(self) -> None:
        """Forget what was asked, and what was to fail."""
        self._log.clear()
        self._faults.clear()

    def allow(self, *people: str) -> None:
        """Just these may use the app in development mode: Spotify's list of at most five."""
        self.register(people)

    def revoke(self, person: str, *, expired: bool = False) -> None:
        """A person's refresh tokens die, as they took them back, or as six months have passed."""
        self.tokens.revoke(person, expired=expired)

    def expire_tokens(self) -> None:
        """All access tokens' time is over."""
        self.tokens.expire()

    def token(self, person: str | None = None, scopes: str = ALL_SCOPES) -> str:
        """An access token, as if somebody had logged in; for nobody, an app's own."""
        return self.tokens.new_access(person, frozenset(scopes.split()) if person else frozenset())

    def refresh_token(self, person: str, scopes: str = ALL_SCOPES) -> str:
        """A refresh token, as if somebody had logged in to this app, which has a secret."""
        return self.tokens.new_refresh(Consent(person, frozenset(scopes.split())))
