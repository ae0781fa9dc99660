"""Requests, and the table that leads from one to its handler; who may ask what is checked on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from .answers import Answer, Refused, error, forbidden, not_found, not_registered, scope_missing
from .tokens import Access

if TYPE_CHECKING:
    from .state import State

API = "/v1/"
_NOBODY = Access(None, frozenset(), 0)


@dataclass(frozen=True)
class Request:
    """What is asked; ``named`` are the parts of the path that the route names."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    authorization: str = ""
    access: Access = _NOBODY
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def person(self) -> str | None:
        """Id of the person who is logged in."""
        return self.access.person


Handler: TypeAlias = Callable[["State", Request], Answer]


@dataclass(frozen=True)
class Route:
    """A row of the table.

    Attributes:
        in_dev: whether apps in development mode still have it.
        for_person: whether somebody must be logged in.
        scope: what the person must have allowed.
    """

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    in_dev: bool = True
    for_person: bool = False
    scope: str | None = None


def route(
    call: str, handler: Handler, *, in_dev: bool = True, for_person: bool = False, scope: str | None = None
) -> Route:
    """A row for ``call``, such as "GET /v1/users/{id}"; a slash at the end of a request is of no matter."""
    method, path = call.split(" ")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return Route(method, re.compile(pattern + "/?"), handler, in_dev, for_person, scope)


def dispatch(routes: Iterable[Route], state: State, request: Request) -> Answer:
    """What the first route that fits answers.

    Raises:
        Refused: by the handler, or this token may not ask.
    """
    found = _find(routes, request)
    if not request.path.startswith(API):
        if found is None:
            raise Refused(Answer(404, "Not Found"))
        return found[0].handler(state, found[1])
    access = state.tokens.access(request.authorization)
    if state.is_dev and access.person is not None and not state.is_registered(access.person):
        raise Refused(not_registered())
    if found is None:
        state.unhandled.append(f"{request.method} {request.path}")
        raise Refused(not_found("Service not found"))
    each, asked = found
    _check(each, state, access)
    return each.handler(state, replace(asked, access=access))


def _find(routes: Iterable[Route], request: Request) -> tuple[Route, Request] | None:
    for each in routes:
        match = each.pattern.fullmatch(request.path) if each.method == request.method else None
        if match is not None:
            named = {name: unquote(text) for name, text in match.groupdict().items()}
            return each, replace(request, named=named)
    return None


def _check(each: Route, state: State, access: Access) -> None:
    if state.is_dev and not each.in_dev:
        raise Refused(forbidden())
    if each.for_person and access.person is None:
        raise Refused(error(401, "Valid user authentication required"))
    if each.scope is not None and each.scope not in access.scopes:
        raise Refused(scope_missing())
