"""The door: a middleware that lets a request in by its API key, or answers 401 or 403. Nothing behind it knows keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from retriever.access.address import address_of
from retriever.access.caller import admit
from retriever.access.keyfile import FollowedKeys
from retriever.access.rates import Throttle, over_quota_headers
from retriever.access.refusals import OnRefusal, Refused
from retriever.access.rules import Rules
from retriever.errors import KeyNeeded, KeyRefused, RoleTooLow, TooManyRequests

_REALM = 'Bearer realm="soundalike"'


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Locks:
    """What the door goes by.

    Attributes:
        keys: that are let in.
        rules: which route needs which role.
        failures: how often an address may come without a valid key; None is as often as it likes. A valid key is let
            in all the same: 256 bits are not guessed, and one bad client must not lock out all who share its address.
        on_refusal: told of each request that is turned away.
        clock: the time now.
    """

    keys: FollowedKeys
    rules: Rules
    failures: Throttle | None
    on_refusal: OnRefusal
    clock: Callable[[], datetime] = _now


class Door:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp, locks: Locks) -> None:
        self._app = app
        self._locks = locks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        refused = self._refused(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
            return
        self._locks.on_refusal(refused.reason)
        await refused.answer(scope, receive, send)

    def _refused(self, scope: Scope) -> Refused | None:
        rule = self._locks.rules.of(scope)
        if rule.role is None:
            return None
        shown = _shown(scope["headers"])
        key = self._locks.keys.ring().find(shown, self._locks.clock()) if shown else None
        if key is None:
            return self._unknown(scope, has_key=bool(shown))
        admit(scope, key)
        if key.role.covers(rule.role):
            return None
        challenge = f'{_REALM}, error="insufficient_scope", scope="{rule.role}"'
        return Refused("forbidden", RoleTooLow(key.role, rule.role), {"WWW-Authenticate": challenge})

    def _unknown(self, scope: Scope, *, has_key: bool) -> Refused:
        failures = self._locks.failures
        standing = None if failures is None else failures.take(address_of(scope))
        if standing is not None and not standing.is_allowed:
            error = TooManyRequests("Too many requests without a valid API key came from this address.")
            return Refused("rate", error, over_quota_headers([standing]))
        if has_key:
            return Refused("unauthenticated", KeyRefused(), {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
        return Refused("unauthenticated", KeyNeeded(), {"WWW-Authenticate": _REALM})


def _shown(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key that a request shows, as ``Authorization: Bearer KEY`` or as ``X-API-Key: KEY``."""
    found = None
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1")
        if name == b"x-api-key":
            found = value.strip().decode("latin-1")
    return found
