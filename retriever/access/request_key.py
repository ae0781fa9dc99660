"""What an Idempotency-Key is and what it stands for. Pure.

The header is a string of RFC 8941, in quotes (draft-ietf-httpapi-idempotency-key-header); as most clients leave the
quotes out, both are read, and mean the same.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID, uuid5

from starlette.types import Scope

from features.profile import UserId
from retriever.access.caller import caller_id
from retriever.errors import BadIdempotencyKey

_HEADER = b"idempotency-key"
_VALUE = re.compile(rb'(?P<quote>"?)([A-Za-z0-9._~:+/=-]{1,200})(?P=quote)')
# Fixed for the life of the project: another one would give a repeated request another person.
_NAMESPACE = UUID("0e1f5f6c-6a43-5c0b-8e57-0d7f3b1b9a52")


@dataclass(frozen=True, slots=True)
class RequestKey:
    """An Idempotency-Key of one caller; another caller's key of the same value is another key."""

    caller: str
    value: str

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for it where it is kept."""
        return fingerprint(self.caller, self.value)


def request_key_of(scope: Scope) -> RequestKey | None:
    """The key that a request came with, if any.

    Raises:
        BadIdempotencyKey: it is empty, too long, of other characters, or there are several.
    """
    values = [value for name, value in scope["headers"] if name == _HEADER]
    if not values:
        return None
    match = _VALUE.fullmatch(values[0])
    if match is None or len(values) > 1:
        raise BadIdempotencyKey
    return RequestKey(caller_id(scope), match[2].decode())


def fingerprint(*parts: str | bytes) -> bytes:
    """32 bytes that stand for these parts in this order: of a request, its method, its path and what it brings.

    A multipart body is told by its fields, not as a whole: clients draw a new boundary when they repeat it.
    """
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8))
        digest.update(content)
    return digest.digest()


def user_id_for(key: RequestKey, request: bytes) -> UserId:
    """The id of a person who came without one, the same whenever the request is repeated, also after a restart.

    It depends on the request, too: who uses a key again for somebody else after its time must not overwrite anybody.
    """
    return UserId(f"u-{uuid5(_NAMESPACE, fingerprint(key.digest, request).hex()).hex}")
