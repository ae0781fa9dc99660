"""What spotipy and requests raise, in words: what happened and what to do. No message repeats a link, an id or a token.

spotipy's own messages hold the address that was asked for, and with it whom it was about.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import (
    SpotifyError,
    SpotifyForbidden,
    SpotifyLoginNeeded,
    SpotifyNotFound,
    SpotifyQuotaUsedUp,
    SpotifyRateLimited,
    SpotifySwitchedOff,
    SpotifyUnavailable,
)
from features.spotify.patience import rate_limited, retry_after_in

OTHER_WAYS = "What works: log in with Spotify, upload your data export, or a playlist as a CSV from Exportify."
QUOTA = "QUOTA_EXCEEDED"
_QUOTA_REST_S = 3600
_AGAIN = "Try again in a while: what was read of a profile is kept for a day."


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of Spotify's that is none.

    Attributes:
        status: of HTTP, at least 400.
        message: what Spotify says, in lower case; may be empty.
        reason: its machine-readable reason, such as QUOTA_EXCEEDED; may be empty.
        retry_after_s: seconds until it wants to be asked again; None where it does not say.
    """

    status: int
    message: str = ""
    reason: str = ""
    retry_after_s: int | None = None

    @property
    def rest_s(self) -> int | None:
        """Seconds to leave it alone for; None where it does not say, of an app that was too quick."""
        return self.retry_after_s or _QUOTA_REST_S if self.reason == QUOTA else self.retry_after_s

    @property
    def is_rate_limit(self) -> bool:
        """Whether waiting for a moment may help: the app was too quick, and has not used up its quota."""
        return self.status == 429 and self.reason != QUOTA


def refusal_in(error: BaseException) -> Refusal | None:
    """The answer that an error of spotipy's came from; None where there was none."""
    import requests

    from features.spotify.login_sdk import sdk

    if isinstance(error, sdk().SpotifyException):
        message = str(error.msg).partition(":\n ")[2].lower()
        return Refusal(error.http_status, message, str(error.reason or ""), retry_after_in(error.headers))
    # spotipy trips over {"error": "text"} while it handles the answer.
    behind = error.__context__ if isinstance(error, AttributeError) else error
    if isinstance(behind, requests.HTTPError) and behind.response is not None:
        response = behind.response
        return Refusal(response.status_code, response.text[:500].lower(), "", retry_after_in(response.headers))
    return None


def error_of(refusal: Refusal) -> SpotifyError:
    """The error to raise for an answer that is none."""
    status = refusal.status
    if status == 429:
        return _too_much(refusal)
    if status == 401:
        return SpotifyLoginNeeded("Spotify does not accept the login (any more).", "Log in with Spotify again.")
    if status == 403:
        return _forbidden(refusal)
    if status in (404, 410):
        return SpotifyNotFound("Spotify has nothing under this address.", "Check the link; it may have been deleted.")
    if status >= 500:
        return SpotifyUnavailable(f"Spotify fails for the moment (HTTP {status}).", _AGAIN)
    return SpotifyError(f"Spotify did not understand what it was asked (HTTP {status}).", OTHER_WAYS)


def unreachable(error: BaseException) -> SpotifyUnavailable:
    """Nothing came back, not in time, or nothing that can be read."""
    import requests

    if isinstance(error, requests.TooManyRedirects):
        return SpotifyUnavailable(
            "Spotify points to another address, which is not followed.", "Check SOUNDALIKE_SPOTIFY_API_URL."
        )
    if isinstance(error, requests.Timeout) or _ran_out_of_time(error):
        return SpotifyUnavailable(
            "Spotify did not answer in time.", "Try again; SOUNDALIKE_SPOTIFY_TIMEOUT_S gives it longer."
        )
    if isinstance(error, requests.RequestException) and not isinstance(error, ValueError):
        return SpotifyUnavailable("Spotify cannot be reached, or broke off.", "Check the network and try again.")
    return unreadable()


def _ran_out_of_time(error: BaseException) -> bool:
    """Whether it did not answer in time, the last time that it was asked."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError
    from urllib3.exceptions import TimeoutError as TookTooLong

    behind = error.args[0] if error.args else None
    reason = behind.reason if isinstance(behind, MaxRetryError) else None
    # urllib3 counts a refused connection, and a name that leads nowhere, among the timeouts.
    return isinstance(reason, TookTooLong) and not isinstance(reason, NewConnectionError)


def unreadable() -> SpotifyUnavailable:
    """It answered with something that is not of the Web API."""
    return SpotifyUnavailable("Spotify answered with something that cannot be read.", _AGAIN)


def _forbidden(refusal: Refusal) -> SpotifyForbidden:
    if "premium" in refusal.message:  # plain text, no JSON
        return SpotifySwitchedOff(
            "Spotify has switched the app of this server off, because its owner has no Premium subscription.",
            "Until they have one, upload your data export, or a playlist as a CSV from Exportify.",
        )
    if "not registered" in refusal.message:
        return SpotifyForbidden(
            "Spotify lets only people on the app's list log in, and this account is not on it.",
            "Ask the owner of this server to add it (dashboard, User Management), or upload your data export.",
        )
    return SpotifyForbidden("Spotify does not let the app of this server read this.", OTHER_WAYS)


def _too_much(refusal: Refusal) -> SpotifyRateLimited:
    rest = refusal.rest_s or 1
    if refusal.reason != QUOTA:
        return rate_limited(rest)
    return SpotifyQuotaUsedUp(
        "The quota that Spotify grants the owner of this server is used up.",
        "Try again later; a data export or a CSV from Exportify can be uploaded now.",
        retry_after_s=rest,
    )
