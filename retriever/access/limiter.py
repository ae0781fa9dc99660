"""The rate limits: a middleware that counts requests by key, or by address where there is none, and answers 429."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retriever.access.address import address_of
from retriever.access.caller import key_of
from retriever.access.rates import Standing, Throttle, over_quota_headers, ratelimit_headers
from retriever.access.refusals import OnRefusal, Refused
from retriever.access.rules import Rules
from retriever.errors import TooManyRequests


@dataclass(frozen=True)
class Quotas:
    """How much somebody may ask.

    Attributes:
        requests: of all kinds; None is as many as one likes.
        writes: of those, the ones that may change something.
        rules: which they are.
        on_refusal: told of each request that is turned away.
    """

    requests: Throttle | None
    writes: Throttle | None
    rules: Rules
    on_refusal: OnRefusal


class RateLimits:
    """Pure ASGI; inside the door, so that who has a key is counted by it, wherever it is used from."""

    def __init__(self, app: ASGIApp, quotas: Quotas) -> None:
        self._app = app
        self._quotas = quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        standings = list(self._standings(scope)) if scope["type"] == "http" else []
        if standings and not standings[-1].is_allowed:
            self._quotas.on_refusal("rate")
            error = TooManyRequests(f"The limit of {standings[-1].name} is reached.")
            await Refused("rate", error, over_quota_headers(standings)).answer(scope, receive, send)
            return
        await self._app(scope, receive, _telling(standings, send) if standings else send)

    def _standings(self, scope: Scope) -> Iterator[Standing]:
        """With each quota that the request counts towards, up to the first that is used up."""
        quotas, rule = self._quotas, self._quotas.rules.of(scope)
        if not rule.is_limited:
            return
        key = key_of(scope)
        who = f"address {address_of(scope)}" if key is None else f"key {key.id}"
        for throttle in (quotas.requests, quotas.writes if rule.writes else None):
            if throttle is not None:
                standing = throttle.take(who)
                yield standing
                if not standing.is_allowed:
                    return


def _telling(standings: list[Standing], send: Send) -> Send:
    """The send channel, which adds how the client stands to the answer."""
    added = [(name.lower().encode(), value.encode()) for name, value in ratelimit_headers(standings).items()]

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return telling
