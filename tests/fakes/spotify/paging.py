"""Pages: by offset, and by cursor as ``/me/following`` has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from .answers import Json, Refused, bad_request
from .routing import API, Request
from .state import State

_Row = TypeVar("_Row")
MOST_OFFSET = 100_000


def number_of(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A number of the query.

    Raises:
        Refused: it is none, or out of bounds.
    """
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Refused(bad_request(f"Invalid {name}"))
    return int(text)


def page(
    state: State,
    request: Request,
    rows: Sequence[_Row],
    told: Callable[[_Row], Any],
    *,
    limits: tuple[int, int] = (20, 50),
) -> Json:
    """The page of ``rows`` that is asked for.

    Args:
        state: where ``next`` leads.
        request: whose ``limit`` and ``offset`` count.
        rows: all there are.
        told: how to tell one.
        limits: the default and the most of ``limit``.
    """
    limit = number_of(request, "limit", limits[0], 1, limits[1])
    offset = number_of(request, "offset", 0, 0, MOST_OFFSET)

    def at(where: int) -> str:
        return _address(state, request, {"offset": str(where), "limit": str(limit)})

    return {
        "href": at(offset),
        "items": [told(row) for row in rows[offset : offset + limit]],
        "limit": limit,
        "next": at(offset + limit) if offset + limit < len(rows) else None,
        "offset": offset,
        "previous": at(max(offset - limit, 0)) if offset else None,
        "total": len(rows),
    }


def cursor_page(state: State, request: Request, rows: Sequence[_Row], key: Callable[[_Row], str]) -> Json:
    """The page behind the row whose key is ``after``; its items are the rows as they are."""
    limit = number_of(request, "limit", 20, 1, 50)
    after = request.query.get("after")
    keys = [key(row) for row in rows]
    start = keys.index(after) + 1 if after in keys else 0
    shown = rows[start : start + limit]
    last = keys[start + limit - 1] if start + limit < len(rows) else None
    return {
        "href": _address(state, request, {"limit": str(limit)}),
        "items": list(shown),
        "limit": limit,
        "next": None if last is None else _address(state, request, {"after": last, "limit": str(limit)}),
        "cursors": {"after": last},
        "total": len(rows),
    }


def _address(state: State, request: Request, query: Json) -> str:
    path = request.path.removeprefix(API).rstrip("/")
    return f"{state.page_url or state.api_url}{path}?{urlencode({**request.query, **query})}"
