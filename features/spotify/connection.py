"""One way to Spotify: a session of requests, spotipy on top of it, and a token that all threads share.

spotipy's own session sleeps through every Retry-After, tells a 500 as a 429, follows redirects with the token in hand
and logs whom it asks about; this one does not. What is asked lives in ``features.spotify.web_api``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias

from features.spotify.login_sdk import sdk
from features.spotify.patience import Gate
from features.spotify.settings import SpotifySettings

SpotipyClient: TypeAlias = Any
"""``spotipy.Spotify``; spotipy has no types."""
Session: TypeAlias = Any
"""``requests.Session``; requests has none, either."""
RETRIES = 3
BACKOFF_S = 0.3
_POOL = 32
"""Connections kept open: two requests of each reading that a server does at once, and some."""
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
_asking: ContextVar[bool] = ContextVar("asking Spotify", default=False)


class AccessToken(Protocol):
    """Where tokens come from."""

    def __call__(self) -> str:
        """A token that is good for a while. Raises SpotifyError."""
        ...

    def discard(self, token: str) -> None:
        """This one was refused, though its time is not over."""
        ...


PersonToken: TypeAlias = Callable[[str | None], str]
"""Gives a token of a person who logged in, that is good for a while; told of one that Spotify refused, another one."""


class GivenToken:
    """Tokens that somebody else looks after: of a person who logged in."""

    def __init__(self, token: PersonToken) -> None:
        self._token = token
        self._refused: str | None = None

    def __call__(self) -> str:
        """As given."""
        return self._token(self._refused)

    def discard(self, token: str) -> None:
        """Whoever looks after it is told so next time."""
        self._refused = token


class Connection:
    """spotipy, a token and a gate. Safe to share between threads; to be closed."""

    def __init__(self, settings: SpotifySettings, token: AccessToken, gate: Gate, *, session: Session = None) -> None:
        """Open nothing yet.

        Raises:
            SpotifyNotConfigured: spotipy is not installed.
        """
        self.token = token
        self.gate = gate
        self.market = settings.market
        self.at_once = settings.at_once
        # spotipy's clients close their session as they go, so there is one, for as long as this.
        self._session = new_session() if session is None else session
        self.client: SpotipyClient = sdk().Spotify(
            auth_manager=_AuthManager(token), requests_session=self._session, requests_timeout=settings.timeout_s
        )
        self.client.prefix = settings.api_url

    def close(self) -> None:
        """Close what is open to Spotify."""
        self._session.close()


def new_session(*, backoff_s: float = BACKOFF_S) -> Session:
    """A session that tries again soon what failed at Spotify's end, and hands every 429 on as it came.

    Args:
        backoff_s: between the second try and the third; twice as much before the last one.

    Raises:
        SpotifyNotConfigured: spotipy is not installed.
    """
    sdk()
    import requests
    from urllib3.util import Retry

    session = requests.Session()
    session.max_redirects = 0  # a token goes to the address in the settings, and nowhere else
    session.auth = _as_it_is  # requests would put a password from ~/.netrc in the token's place
    retry = Retry(
        total=RETRIES,
        read=1,  # what does not answer at all has taken SOUNDALIKE_SPOTIFY_TIMEOUT_S already
        status_forcelist=(500, 502, 503, 504),
        allowed_methods=frozenset({"GET", "POST"}),  # the one POST asks for a token
        respect_retry_after_header=False,
        raise_on_status=False,
        backoff_factor=backoff_s,
    )
    adapter = requests.adapters.HTTPAdapter(max_retries=retry, pool_maxsize=_POOL)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_is_of_others)
    return session


@contextmanager
def unlogged() -> Iterator[None]:
    """urllib3 logs no address that is asked for in here: it tells whom it is about, at WARNING, when it tries again."""
    before = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(before)


def _is_of_others(_record: logging.LogRecord) -> bool:
    return not _asking.get()


def _as_it_is(request: Any) -> Any:  # noqa: ANN401 - a prepared request of requests
    return request


class _AuthManager:
    """A token in the shape that spotipy asks for it."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def get_access_token(self, *, as_dict: bool = False) -> str:  # noqa: ARG002 - spotipy passes it
        return self._token()
