"""Who makes a request, as the door found out: for rate limits, idempotency keys and the log."""

from __future__ import annotations

from starlette.types import Scope

from retriever.access.keys import ApiKey
from retriever.observe.seen import seen

ANONYMOUS = "anonymous"
"""Stands for the id of a key where there is none."""

_IN_SCOPE = "soundalike.key"


def admit(scope: Scope, key: ApiKey) -> None:
    """Note whose request it is."""
    scope[_IN_SCOPE] = key
    seen(scope).caller = str(key)


def key_of(scope: Scope) -> ApiKey | None:
    """The key that the request came with, if keys are asked for."""
    key: ApiKey | None = scope.get(_IN_SCOPE)
    return key


def caller_id(scope: Scope) -> str:
    """The id of the key that the request came with, or ``anonymous``."""
    key = key_of(scope)
    return ANONYMOUS if key is None else key.id
