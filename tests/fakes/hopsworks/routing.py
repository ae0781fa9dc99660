"""Requests, answers, and the table that leads from one to the other. What answers say lives with the handlers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from .state import PROJECT_ID, Call, Json, State

IN_PROJECT = f"project/{PROJECT_ID}"


@dataclass(frozen=True)
class Request:
    """What is asked; ``named`` are the parts of the path that the route names."""

    call: Call
    key: str | None = None
    content_type: str = ""
    body: bytes = b""
    named: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    def asked(self, name: str, default: str | None = None) -> str | None:
        """The first value of a parameter of the query."""
        return self.call.query.get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    """What is answered: ``content`` is JSON, nothing, or the path of a file."""

    content: Json | list[Any] | Path | None = None
    status: int = 200


def echo(_state: State, request: Request) -> Answer:
    """A handler that takes what it is sent, and says it back."""
    return Answer(request.json)


class Refused(Exception):
    """The answer is an error, as Hopsworks words it."""

    def __init__(self, status: int, code: int, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.answer = Answer({"errorCode": code, "errorMsg": message, "usrMsg": detail}, status)


class NotFaked(Exception):
    """Something that the fake does not do; tests see it in ``unhandled``."""


Handler: TypeAlias = Callable[[State, Request], Answer]


@dataclass(frozen=True)
class Route:
    """A row of the table; any one of the scopes will do."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    scopes: tuple[str, ...]


def route(call: str, handler: Handler, *scopes: str) -> Route:
    """A row for ``call``, such as "GET models/{name}"; {name...} takes slashes, too."""
    method, path = call.split(" ")
    pieces = re.split(r"(\{\w+(?:\.\.\.)?\})", path)
    return Route(method, re.compile("".join(map(_pattern, pieces))), handler, scopes)


def _pattern(piece: str) -> str:
    if not piece.startswith("{"):
        return re.escape(piece)
    name = piece.strip("{}")
    return f"(?P<{name[:-3]}>.+)" if name.endswith("...") else f"(?P<{name}>[^/]+)"


def dispatch(routes: Iterable[Route], state: State, request: Request) -> Answer:
    """What the first route that fits answers.

    Raises:
        Refused: by the handler, or the key is not allowed to ask.
        NotFaked: no route fits.
    """
    if state.allowed(request.key, ()) is None:
        raise Refused(401, 320012, "Invalid or incorrect API key.")
    call = request.call
    for each in routes:
        match = each.pattern.fullmatch(call.path.rstrip("/")) if each.method == call.method else None
        if match is None:
            continue
        if not state.allowed(request.key, each.scopes):
            message = "No valid scope found for this invocation"
            detail = f"{message}. Valid scope for this invocation is: [{', '.join(each.scopes)}]"
            raise Refused(403, 320004, message, detail)
        with state.lock:
            asked = Request(call, request.key, request.content_type, request.body, match.groupdict())
            return each.handler(state, asked)
    raise NotFaked(str(call))
