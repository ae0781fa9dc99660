"""What is noted of a request while it goes through the application, for the log, the metrics and the traces.

Never a path, a query, a header's value or a body: they hold who somebody is and what they listen to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from starlette.types import Scope

UNMATCHED = "unmatched"
"""Stands for the route of a request that no route is for."""

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_IN_SCOPE = "soundalike.seen"


@dataclass(slots=True)
class Seen:
    """The notes on one request; whoever learns something fills it in.

    Attributes:
        request_id: 32 hexadecimal digits.
        route: the template of the path, such as ``/v1/users/{user_id}``, where it is known before routing.
        caller: name and id of the API key, never the key.
        code: the ``code`` of the error that was answered.
    """

    request_id: str = field(default_factory=lambda: uuid4().hex)
    route: str | None = None
    caller: str | None = None
    code: str | None = None


def seen(scope: Scope) -> Seen:
    """The notes on the request of ``scope``."""
    found: Seen | None = scope.get(_IN_SCOPE)
    if found is None:
        found = scope[_IN_SCOPE] = Seen()
    return found


def begin(scope: Scope, noted: Seen) -> None:
    """Take notes on the request of ``scope`` in ``noted``."""
    scope[_IN_SCOPE] = noted


def method_of(scope: Scope) -> str:
    """The method, or ``other`` for one that a client made up."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def template_of(scope: Scope) -> str:
    """The template of the path that was asked for, after routing; ``unmatched`` where there is none."""
    route = scope.get("route")
    template: str | None = getattr(route, "path_format", None) or getattr(route, "path", None)
    return template or seen(scope).route or UNMATCHED
