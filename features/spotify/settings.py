"""How to reach the Spotify Web API, read from ``SOUNDALIKE_SPOTIFY_…`` variables and ``.env``."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = ("127.0.0.1", "::1")


class SpotifySettings(BaseSettings):
    """One app of Spotify's developer dashboard, and how patient to be with the API."""

    model_config = SettingsConfigDict(
        env_prefix="SOUNDALIKE_SPOTIFY_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    client_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]+$")] | None = None
    """Client ID of an app of yours (developer.spotify.com/dashboard). Unset: nothing is asked of Spotify."""
    client_secret: SecretStr | None = None
    """Its client secret; reading public profiles needs it, logging in does not."""
    market: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    """Country whose catalogue tracks are looked up in: two letters (ISO 3166-1)."""
    api_url: str = "https://api.spotify.com/v1/"
    """Address of the Web API."""
    accounts_url: str = "https://accounts.spotify.com"
    """Address of the service that gives tokens."""
    redirect_url: str = "http://127.0.0.1:8000/v1/spotify/callback"
    """Where Spotify sends people back to after a login, as registered in the dashboard: https, or http on 127.0.0.1 or
    [::1]; Spotify takes no other one, not even localhost."""
    token_key: SecretStr | None = None
    """Key that the tokens of logins are encrypted with where they are kept; several, separated by commas: the first one
    encrypts, the others still decrypt. Unset: one is made, in ``spotify.key`` in the home."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds that one request may take."""
    wait_at_most_s: Annotated[float, Field(ge=0, le=3600)] = 20.0
    """Seconds that one reading waits, all in all, where Spotify asks it to slow down; it stops where that is not
    enough, and goes on later from where it stopped."""
    at_once: Annotated[int, Field(ge=1, le=16)] = 6
    """Requests that one reading makes at the same time."""

    @field_validator("market", mode="before")
    @classmethod
    def _in_capitals(cls, market: object) -> object:
        return market.upper() if isinstance(market, str) else market

    @field_validator("client_secret")
    @classmethod
    def _is_sendable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not (secret.get_secret_value().isascii() and secret.get_secret_value().isprintable()):
            raise ValueError("has characters that no client secret has")
        return secret

    @field_validator("api_url", "accounts_url", "redirect_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        """Secrets and tokens go there: encrypted, or no further than this machine."""
        parts = _parts(url)
        if parts is None or not (parts[0] == "https" or (parts[0] == "http" and parts[1] in _LOOPBACK)):
            raise ValueError("must be https://…, or http:// on 127.0.0.1 or [::1] (localhost is not taken)")
        return url

    @field_validator("api_url")
    @classmethod
    def _ends_in_a_slash(cls, url: str) -> str:
        return f"{url.rstrip('/')}/"

    @field_validator("accounts_url")
    @classmethod
    def _ends_in_none(cls, url: str) -> str:
        return url.rstrip("/")


def _parts(url: str) -> tuple[str, str] | None:
    """Scheme and host of an address without a password, query or fragment; None where it is no such address."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not is_plain or "@" in parts.netloc or parts.query or "#" in url or not parts.hostname or not port_is_fine:
        return None
    return parts.scheme, parts.hostname
