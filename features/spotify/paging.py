"""Whole lists from pages, asked for one after the other as they are wanted; ``side_by_side`` asks for several at once.

No address that Spotify gives is followed, so a token goes nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

Page: TypeAlias = Mapping[str, object]
Ask: TypeAlias = Callable[[int], Page]
"""From the number of the first row that is wanted to a page."""
Rows: TypeAlias = list[object]


def rows_of(page: Page) -> Rows:
    """The rows of a page; none where they are no list."""
    items = page.get("items")
    return items if isinstance(items, list) else []


def step_of(page: Page, size: int) -> int:
    """Rows from this page to the next: as many as were asked for, unless Spotify gives less at once."""
    limit = page.get("limit")
    return limit if isinstance(limit, int) and 0 < limit < size else size


def in_turn(ask: Ask, *, size: int, most: int) -> Iterator[object]:
    """The rows of one list, page after page, asked for as they are wanted."""
    offset = 0
    while offset < most:
        page = ask(offset)
        yield from rows_of(page)
        offset += step_of(page, size)
        if not rows_of(page) or not page.get("next"):
            return


def by_cursor(ask: Callable[[str | None], Page], *, most: int) -> Iterator[object]:
    """The rows of a list whose pages each tell after which row the next one begins."""
    after: str | None = None
    seen: set[str] = set()
    count = 0
    while count < most:
        page = ask(after)
        rows = rows_of(page)
        count += len(rows)
        yield from rows
        cursors = page.get("cursors")
        following = cursors.get("after") if isinstance(cursors, dict) else None
        if not rows or not isinstance(following, str) or not following or following in seen:
            return
        seen.add(following)
        after = following
