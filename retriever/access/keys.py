"""API keys: how one is made, what is kept of it, and how a key that somebody shows is known. Pure.

A key is 256 random bits, so one plain SHA-256 of it keeps it as safe as a slow hash would: nobody can try them all.
What is kept is that hash; a key itself is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from retriever.access.roles import Role

PREFIX = "soundalike_"
"""How every key begins, so that people and scanners for secrets know one where they see it."""

_BITS = 256

NAME = r"[A-Za-z0-9._-]{1,64}"
"""Regular expression of a key's name; it may stand in a log."""


class ApiKey(BaseModel):
    """What is kept of a key. Two keys may have one name, as they do while one takes over from the other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME}$")]
    role: Role
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None

    @property
    def id(self) -> str:
        """Tells keys apart: the first 8 hexadecimal digits of the hash, which tell nothing of the key."""
        return self.sha256[:8]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    def is_valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


class KeyRing(BaseModel):
    """All keys that are known, the oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    keys: tuple[ApiKey, ...] = ()

    def find(self, key: str, now: datetime) -> ApiKey | None:
        """The valid key that ``key`` is.

        Takes equally long whether and where it is found: every entry is compared, and each in constant time.
        """
        digest, found = _sha256(key), None
        for entry in self.keys:
            if hmac.compare_digest(entry.sha256, digest):
                found = entry
        return found if found is not None and found.is_valid(now) else None

    def named(self, name_or_id: str) -> tuple[ApiKey, ...]:
        """The key of that id, or else all of that name."""
        of_id = tuple(key for key in self.keys if key.id == name_or_id)
        return of_id or tuple(key for key in self.keys if key.name == name_or_id)

    def has_valid(self, now: datetime) -> bool:
        """Whether anybody could get in."""
        return any(key.is_valid(now) for key in self.keys)

    def with_key(self, key: ApiKey) -> KeyRing:
        """A ring with one more."""
        return KeyRing(keys=(*self.keys, key))

    def without(self, key: ApiKey) -> KeyRing:
        """A ring without that one."""
        return KeyRing(keys=tuple(each for each in self.keys if each != key))


def new_key(name: str, role: Role, *, now: datetime, expires_at: datetime | None = None) -> tuple[SecretStr, ApiKey]:
    """A fresh key, and what is to be kept of it.

    Raises:
        ValidationError: the name holds other characters than letters, digits, dots, underscores and hyphens.
    """
    key = PREFIX + secrets.token_urlsafe(_BITS // 8)
    entry = ApiKey(name=name, role=role, sha256=_sha256(key), created_at=now, expires_at=expires_at)
    return SecretStr(key), entry


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
