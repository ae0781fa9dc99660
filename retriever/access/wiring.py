"""Puts everything of this package and of ``retriever.observe`` around an application, in the one right order.

    PlainHeaders          on every answer
      Observed            gives the id, sees every answer, is the rim for bugs
        Traced            one span
          CORS            answers a browser's preflight, which brings no key
            Door          401, 403; or, without keys, LocalNames: 421
              RateLimits  429, by key
                the application and its own middlewares

A middleware that is not needed is not there: without keys and limits, as on loopback, three of them remain.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from retriever.access.documents import describe_access
from retriever.access.door import Door, Locks
from retriever.access.keyfile import FollowedKeys, KeyFile
from retriever.access.limiter import Quotas, RateLimits
from retriever.access.local_names import LocalNames
from retriever.access.memory import BoundedMemory
from retriever.access.plain_headers import PlainHeaders
from retriever.access.policy import is_loopback, keys_required, require_a_key
from retriever.access.rates import Throttle
from retriever.access.rules import Rules
from retriever.access.settings import OFF, listed
from retriever.observe.metrics import Metrics
from retriever.observe.observed import Observed
from retriever.observe.tracing import Tracing
from retriever.settings import RetrieverSettings

_METHODS = ("GET", "POST", "DELETE")
_ACCEPTED = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-API-Key", "X-Request-Id")
_EXPOSED = (
    "ETag", "Idempotency-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "Soundalike-Index",
    "Soundalike-Model", "X-Request-Id",
)  # fmt: skip


def guard(app: FastAPI, settings: RetrieverSettings, metrics: Metrics, tracing: Tracing | None = None) -> None:
    """Put the middlewares around ``app``; those that it has already are inside of them.

    Raises:
        SettingsError: keys are to be left out where others can reach the server.
        NoKeys: keys are needed, and there is none. KeyFileError: their file cannot be read.
    """
    rules = Rules()
    quotas = _quotas(settings, rules, metrics)
    has_limits = quotas.requests is not None or quotas.writes is not None
    if has_limits:
        app.add_middleware(RateLimits, quotas=quotas)
    keys = opened_keys(settings)
    if keys is not None:
        # In a memory of its own, so that a flood of strangers does not make the quotas of known keys be forgotten.
        failures = _throttle("failures", settings.rate_limit_failures, BoundedMemory())
        app.add_middleware(Door, locks=Locks(keys, rules, failures, metrics.refused))
    else:
        names = [settings.host, *listed(settings.host_names)]
        app.add_middleware(LocalNames, names=names, on_refusal=metrics.refused)
    _add_cors(app, settings)
    if tracing is not None:
        from retriever.observe.traced import Traced

        app.add_middleware(Traced, tracer=tracing.tracer)
    app.add_middleware(Observed, metrics=metrics)
    app.add_middleware(PlainHeaders)
    describe_access(app, rules, has_keys=keys is not None, has_limits=has_limits)


def opened_keys(settings: RetrieverSettings) -> FollowedKeys | None:
    """The keys that every request has to show one of; None where none is needed.

    Raises:
        SettingsError, NoKeys, KeyFileError: as ``guard`` does.
    """
    if not keys_required(settings.host, settings.api_keys_required):
        return None
    keys = FollowedKeys(KeyFile(settings.home))
    require_a_key(keys.ring(), settings.host, datetime.now(UTC))
    return keys


def _add_cors(app: FastAPI, settings: RetrieverSettings) -> None:
    origins = listed(settings.cors_origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_ACCEPTED,
            expose_headers=_EXPOSED,
        )


def _quotas(settings: RetrieverSettings, rules: Rules, metrics: Metrics) -> Quotas:
    is_here, memory = is_loopback(settings.host), BoundedMemory()
    requests = settings.rate_limit or (OFF if is_here else "600/minute")
    writes = settings.rate_limit_writes or (OFF if is_here else "60/minute")
    return Quotas(_throttle("requests", requests, memory), _throttle("writes", writes, memory), rules, metrics.refused)


def _throttle(name: str, rate: str, memory: BoundedMemory) -> Throttle | None:
    return None if rate == OFF else Throttle(name, rate, memory)
