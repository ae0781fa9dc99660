"""What goes wrong with Spotify's accounts service, in words that hold nothing of what was sent or answered."""

from __future__ import annotations

from typing import Any

from features.errors import (
    SpotifyError,
    SpotifyLoginNeeded,
    SpotifyNotConfigured,
    SpotifyRateLimited,
    SpotifyUnavailable,
)
from features.spotify.login_sdk import sdk

_WAIT_S = 60
"""Seconds to wait where Spotify wants to be left alone and does not say for how long."""
_OF_THE_APP = {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"}
_AGAIN = "Try again in a while."


def failures() -> tuple[type[Exception], ...]:
    """What spotipy raises where the service fails, or answers what it does not expect."""
    spotipy = sdk()
    import requests

    unexpected = (ValueError, LookupError, TypeError, AttributeError)
    return spotipy.SpotifyOauthError, requests.exceptions.RequestException, *unexpected


def in_words(error: Exception) -> SpotifyError:
    """The error to raise instead of one of :func:`failures`."""
    import requests

    if not isinstance(error, sdk().SpotifyOauthError):
        if isinstance(error, requests.exceptions.RequestException) and error.response is None:
            return SpotifyUnavailable("Spotify's accounts service cannot be reached, or broke off.", _AGAIN)
        return SpotifyUnavailable("Spotify's accounts service gave an answer that makes no sense.", _AGAIN)
    response = getattr(error.__context__, "response", None)  # spotipy raises it while it handles an HTTPError
    status = 0 if response is None else int(response.status_code)
    if status == 429:
        return SpotifyRateLimited(
            "Spotify's accounts service was asked too often.", _AGAIN, retry_after_s=_retry_after(response)
        )
    if status < 500 and error.error == "invalid_grant":
        return SpotifyLoginNeeded(
            "Spotify does not accept this login, or not any more: it lasts 6 months at most.", "Log in again."
        )
    if status < 500 and error.error in _OF_THE_APP:
        return SpotifyNotConfigured(
            "Spotify does not accept this app, or not the redirect URL that it is told.",
            "Set SOUNDALIKE_SPOTIFY_CLIENT_ID and SOUNDALIKE_SPOTIFY_REDIRECT_URL as in its developer dashboard.",
        )
    return SpotifyUnavailable(f"Spotify's accounts service answered {status}.", _AGAIN)


def declined(error: str) -> SpotifyError:
    """A browser came back from Spotify with an ``error`` in place of a code; unknown ones are not repeated."""
    if error == "access_denied":
        return SpotifyLoginNeeded(
            "Spotify was not allowed to show your library to Soundalike.",
            "Log in again and agree, or upload an export of your data instead.",
        )
    if error in _OF_THE_APP:
        return SpotifyNotConfigured(
            f"Spotify refused the login: {error}.", "Compare the settings with the app's developer dashboard."
        )
    return SpotifyUnavailable("Spotify broke the login off.", _AGAIN)


def _retry_after(response: Any) -> int:  # noqa: ANN401 - requests has no types here
    told = str(response.headers.get("Retry-After", ""))
    return int(told) if told.isdecimal() else _WAIT_S
