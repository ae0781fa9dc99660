"""What the dashboard can be told by ``SOUNDALIKE_…`` variables, ``.env`` and secrets; read at the composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from dashboard.errors import WrongSettings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SECRETS = Path("/run/secrets")
"""Where a container is given its secrets: a file for each variable, called as the variable is, in small letters."""
_ADDRESS = r"^https?://[^\s?#]+$"


class DashboardSettings(BaseSettings):
    """Where the API is, and where the page is served."""

    model_config = SettingsConfigDict(
        env_prefix="SOUNDALIKE_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    api_url: Annotated[str, Field(pattern=_ADDRESS)] = "http://127.0.0.1:8000"
    """Where the dashboard asks the API."""
    api_public_url: Annotated[str, Field(pattern=_ADDRESS)] | None = None
    """Where people's browsers reach the API, for the login with Spotify; the same address if not set."""
    api_key: SecretStr | None = None
    """Key that is shown to an API that asks for one; of the role write."""
    dashboard_host: str = "127.0.0.1"
    """Address that the dashboard listens on. Beyond loopback, what needs an admin asks for an admin's key."""
    dashboard_port: Annotated[int, Field(ge=1, le=65535)] = 8501
    """Port that the dashboard listens on."""
    dashboard_timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds that a read may take; a question that embeds a profile or reads one at Spotify ten times that."""

    dashboard_url: Annotated[str, Field(pattern=_ADDRESS)] | None = None
    """Where people's browsers reach the page, and come back to from Spotify; told to an API that is started here."""
    max_body_mb: Annotated[int, Field(ge=1, le=1024)] = 32
    """Largest file in MB that is taken; the API reads the same variable."""

    @property
    def is_private(self) -> bool:
        """Whether only this computer reaches the page."""
        return self.dashboard_host in LOOPBACK

    @property
    def login_url(self) -> str:
        """Where a browser goes to log in with Spotify."""
        return f"{(self.api_public_url or self.api_url).rstrip('/')}/v1/spotify/login"


def load(secrets: Path = SECRETS) -> DashboardSettings:
    """Read the settings. Raises WrongSettings, which names the variable, or a secret that cannot be read."""
    try:
        return DashboardSettings(_secrets_dir=secrets if secrets.is_dir() else None)
    except UnreadableSetting as error:
        raise WrongSettings(f"A secret in {secrets} cannot be read: {error.__cause__}.", "Check its rights.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SOUNDALIKE_{'_'.join(map(str, first['loc'])).upper()}"
        raise WrongSettings(f"{name}: {first['msg']}.", "See .env.example for what it may be.") from error
