"""What Spotify grants with a login: an access token for an hour, and a refresh token to get the next one with."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

_MARGIN = timedelta(minutes=1)


class Grant(BaseModel):
    """Tokens of one person, and until when the access token is good; shown without the tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    access_token: SecretStr
    refresh_token: SecretStr
    expires_at: AwareDatetime
    scope: str = ""
    """What they may be used for, separated by blanks."""

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token lasts for another minute, so that a request made with it is in time."""
        return now + _MARGIN < self.expires_at

    def to_json(self) -> str:
        """With the tokens in clear: to be sealed, and for nothing else."""
        clear = {
            "access_token": self.access_token.get_secret_value(),
            "refresh_token": self.refresh_token.get_secret_value(),
            "expires_at": self.expires_at,
            "scope": self.scope,
        }
        return orjson.dumps(clear).decode()


class Answer(BaseModel):
    """Spotify's answer to a request for tokens, as far as it is needed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access_token: SecretStr = Field(min_length=1)
    expires_in: int = Field(gt=0, le=10**9)
    refresh_token: SecretStr = Field(min_length=1)
    """spotipy fills in the earlier one where a refresh brings none."""
    scope: str | None = None

    def grant(self, *, asked_at: datetime, earlier_scope: str = "") -> Grant:
        """The same, with the time when it was asked for in place of a duration."""
        return Grant(
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=asked_at + timedelta(seconds=self.expires_in),
            scope=earlier_scope if self.scope is None else self.scope,
        )
