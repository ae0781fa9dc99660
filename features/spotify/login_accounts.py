"""Spotify's accounts service, asked through spotipy: where a browser is sent, a code for tokens, tokens for new ones.

What it says of a failure is put in words in ``login_trouble``; what is granted is kept by ``features.spotify.tokens``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import SecretStr

from features.errors import SpotifyError, SpotifyNotConfigured
from features.spotify.login_sdk import sdk
from features.spotify.login_trouble import failures, in_words
from features.spotify.settings import SpotifySettings
from features.spotify.tokens_grant import Answer, Grant

SCOPES = (
    "playlist-read-private",
    "playlist-read-collaborative",
    "user-library-read",
    "user-top-read",
    "user-follow-read",
)
"""What a profile is read from, and nothing that could change anything."""
_Pkce: TypeAlias = Any
"""spotipy's ``SpotifyPKCE``; spotipy has no types."""


class Accounts:
    """The Authorization Code flow with PKCE (RFC 7636); safe to share, as every step has a ``SpotifyPKCE`` of its own.

    Nothing is tried twice: a code is good for one exchange, and a refresh token may be as well.
    """

    def __init__(self, settings: SpotifySettings, *, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def begin(self, state: str) -> tuple[str, SecretStr]:
        """The address to send a browser to, and the verifier that the code is exchanged with later.

        Raises:
            SpotifyNotConfigured: no app is set up here, or spotipy is not installed.
        """
        with self._pkce() as pkce:
            url: str = pkce.get_authorize_url(state)
            return url, SecretStr(pkce.code_verifier)

    def exchange(self, code: str, verifier: SecretStr) -> Grant:
        """The tokens that a code stands for.

        Raises:
            SpotifyLoginNeeded: the code is not good, or not any more.
            SpotifyNotConfigured: Spotify does not know the app, or not with this redirect URL.
            SpotifyUnavailable: no usable answer came.
        """

        def exchanging(pkce: _Pkce) -> None:
            # The challenge went out with the browser; spotipy makes another pair where it sees none.
            pkce.code_verifier, pkce.code_challenge = verifier.get_secret_value(), "sent"
            pkce.get_access_token(code, check_cache=False)

        return self._granted(exchanging)

    def refresh(self, grant: Grant) -> Grant:
        """New tokens for old; the refresh token and the scope stay what they are where the answer tells none.

        Raises:
            SpotifyLoginNeeded: the refresh token is not good any more.
            SpotifyNotConfigured: Spotify does not know the app.
            SpotifyUnavailable: no usable answer came; the refresh token may still be good.
        """
        return self._granted(
            lambda pkce: pkce.refresh_access_token(grant.refresh_token.get_secret_value()), grant.scope
        )

    def _granted(self, step: Callable[[_Pkce], object], earlier_scope: str = "") -> Grant:
        asked_at = self._clock()
        trouble: SpotifyError
        try:
            with self._pkce() as pkce:
                step(pkce)
                answer = Answer.model_validate(pkce.cache_handler.get_cached_token())
            return answer.grant(asked_at=asked_at, earlier_scope=earlier_scope)
        except failures() as error:
            trouble = in_words(error)
        # Raised out here: the error that it came from holds the request, and so codes, verifiers and tokens.
        raise trouble

    @contextmanager
    def _pkce(self) -> Iterator[_Pkce]:
        spotipy = sdk()
        settings = self._settings
        if settings.client_id is None:
            raise SpotifyNotConfigured(
                "No app of Spotify's is set up here.", "Set SOUNDALIKE_SPOTIFY_CLIENT_ID to the client ID of yours."
            )
        import requests

        with requests.Session() as session:
            session.max_redirects = 0  # a body that was meant for Spotify goes nowhere else
            pkce = spotipy.SpotifyPKCE(
                client_id=settings.client_id,
                redirect_uri=settings.redirect_url,
                scope=" ".join(SCOPES),
                requests_timeout=settings.timeout_s,
                requests_session=session,
                open_browser=False,
                cache_handler=spotipy.MemoryCacheHandler(),  # the default one is a file
            )
            pkce.OAUTH_AUTHORIZE_URL = f"{settings.accounts_url}/authorize"
            pkce.OAUTH_TOKEN_URL = f"{settings.accounts_url}/api/token"
            yield pkce
