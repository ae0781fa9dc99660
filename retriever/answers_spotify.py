"""What is answered about a login with Spotify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from features.profile import UserId


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is logged in; null where nobody is."""

    user_id: UserId | None


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Who was logged in, and whether a person was deleted with the login."""

    user_id: UserId | None
    deleted: Annotated[bool, Field(description="Whether what the community knew of them came from Spotify's API.")]
