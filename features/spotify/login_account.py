"""Whose an access token is, as the Web API's ``/me`` tells; profiles are read elsewhere."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from features.errors import SpotifyError
from features.profile import UserId, UserIdText
from features.spotify.login_sdk import sdk
from features.spotify.settings import SpotifySettings
from features.spotify.tokens_rows import Account
from features.spotify.trouble import error_of, refusal_in, unreachable


class _Me(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: UserIdText
    account_id: str | None = Field(default=None, min_length=1, max_length=256)


def account_of(access_token: str, settings: SpotifySettings) -> Account:
    """Who logged in.

    Raises:
        SpotifyForbidden: the app may not be used by this person, or not at all.
        SpotifyLoginNeeded: the token is not good.
        SpotifyUnavailable: no usable answer came.
    """
    spotipy = sdk()
    import requests

    trouble: SpotifyError
    try:
        with requests.Session() as session:  # one of our own: spotipy's would wait as long as Spotify likes
            session.max_redirects = 0
            client = spotipy.Spotify(auth=access_token, requests_session=session, requests_timeout=settings.timeout_s)
            client.prefix = settings.api_url
            me = _Me.model_validate(client.current_user())
        return Account(UserId(me.id), me.account_id)
    except (spotipy.SpotifyException, requests.RequestException, ValueError, AttributeError) as error:
        refusal = refusal_in(error)
        trouble = unreachable(error) if refusal is None else error_of(refusal)
    raise trouble  # out here: what it came from holds the token
