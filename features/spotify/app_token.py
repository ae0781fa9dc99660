"""The app's own token (client credentials), asked for once by however many threads, and again when it is over."""

from __future__ import annotations

import threading
from typing import Any

from features.errors import SpotifyError, SpotifyNotConfigured
from features.spotify.connection import Session, unlogged
from features.spotify.login_sdk import sdk
from features.spotify.settings import SpotifySettings
from features.spotify.trouble import Refusal, error_of, refusal_in, unreachable, unreadable


class AppToken:
    """An AccessToken of the app in the settings. Safe to share between threads, which spotipy's own is not."""

    def __init__(self, settings: SpotifySettings, session: Session) -> None:
        """Ask for nothing yet.

        Raises:
            SpotifyNotConfigured: the settings name no app with a secret, or spotipy is not installed.
        """
        if settings.client_id is None or settings.client_secret is None:
            raise SpotifyNotConfigured(
                "No app of Spotify's is set up here.",
                "Set SOUNDALIKE_SPOTIFY_CLIENT_ID and SOUNDALIKE_SPOTIFY_CLIENT_SECRET; a data export or a CSV from "
                "Exportify needs neither.",
            )
        spotipy = sdk()
        self._no_cache = spotipy.MemoryCacheHandler  # the default one is a file in the working directory
        self._guard = threading.Lock()
        self._manager: Any = spotipy.SpotifyClientCredentials(
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            requests_session=session,
            requests_timeout=settings.timeout_s,
            cache_handler=self._no_cache(),
        )
        self._manager.OAUTH_TOKEN_URL = f"{settings.accounts_url}/api/token"

    def __call__(self) -> str:
        """A token that is good for another minute.

        Raises:
            SpotifyNotConfigured: Spotify does not know the app or its secret.
            SpotifyUnavailable: it does not answer, or wants to be asked later.
        """
        with self._guard, unlogged():
            try:
                return str(self._manager.get_access_token(as_dict=False))
            except Exception as error:  # noqa: BLE001 - spotipy lets through whatever an odd answer leads to
                trouble = _in_words(error)
        # Raised out here: the error that it came from holds the request, and so the secret.
        raise trouble

    def discard(self, token: str) -> None:
        """Ask for a new one next time, unless another thread has done so already."""
        with self._guard:
            kept = self._manager.cache_handler.get_cached_token()
            if kept and kept.get("access_token") == token:
                self._manager.cache_handler = self._no_cache()


def _in_words(error: Exception) -> SpotifyError:
    import requests

    if isinstance(error, sdk().SpotifyOauthError | AttributeError):
        refusal = refusal_in(error.__context__) if error.__context__ is not None else None
        if refusal is None:
            return unreadable()
        if refusal.status == 429 or refusal.status >= 500:
            return error_of(refusal)
        return _unknown_app(refusal)
    return unreachable(error) if isinstance(error, requests.RequestException) else unreadable()


def _unknown_app(refusal: Refusal) -> SpotifyNotConfigured:
    return SpotifyNotConfigured(
        f"Spotify does not accept the app that is set up here (HTTP {refusal.status}).",
        "Compare SOUNDALIKE_SPOTIFY_CLIENT_ID and SOUNDALIKE_SPOTIFY_CLIENT_SECRET with its dashboard.",
    )
