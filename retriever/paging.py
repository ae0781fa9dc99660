"""Cursors: where the next page of a list begins, as a text that is given back unread. Pure.

A cursor names the index it belongs to, since places in one index mean nothing in another. Within one index a page
shows the people as they are when it is asked for: who joins meanwhile may move somebody over a page's edge.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache

from indexer.manifest import parse_name
from retriever.errors import StaleCursor, UnknownCursor

MAX_DEPTH = 1000
"""Nearest people that can be paged through; a search for the last of them takes some 17 ms among 60,000."""

_CURSOR = re.compile(r"([1-9][0-9]{0,3})@(.{1,60})")


@dataclass(frozen=True, slots=True)
class Page:
    """``limit`` people after the ``offset`` nearest; never beyond ``MAX_DEPTH``."""

    offset: int
    limit: int

    @property
    def end(self) -> int:
        """How many of the nearest people must be found to show it."""
        return self.offset + self.limit


def page_of(cursor: str | None, limit: int, *, index: str) -> Page:
    """The page that a request asks for; the last one is cut off at ``MAX_DEPTH``.

    Args:
        cursor: by :func:`cursor_after`; None for the first page.
        limit: people on a page.
        index: name of the version that answers.

    Raises:
        UnknownCursor: the cursor is none that was ever given out.
        StaleCursor: it is of another version of the index.
    """
    offset = 0 if cursor is None else _offset(cursor, index)
    return Page(offset, min(limit, MAX_DEPTH - offset))


def cursor_after(page: Page, found: int, *, index: str) -> str | None:
    """The cursor of the page after ``page``; None where there is none.

    Args:
        page: that was shown.
        found: people on it; a page that is not full is the last.
        index: name of the version that answered.
    """
    if found < page.limit or page.end >= MAX_DEPTH:
        return None
    return _spelt(page.end, index)


def _offset(cursor: str, index: str) -> int:
    offset, named = _read(cursor)
    if named != index:
        raise StaleCursor(f"The cursor is of the index {named}, and {index} is live.")
    return offset


def _read(cursor: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        raise UnknownCursor from None
    match = _CURSOR.fullmatch(text)
    if match is None or parse_name(match[2]) is None or int(match[1]) >= MAX_DEPTH:
        raise UnknownCursor
    offset, index = int(match[1]), match[2]
    if _spelt(offset, index) != cursor:  # the decoder passes over letters that are none of its own
        raise UnknownCursor
    return offset, index


@lru_cache(maxsize=1_000)  # almost everybody asks for the first page, of few lengths
def _spelt(offset: int, index: str) -> str:
    return base64.urlsafe_b64encode(f"{offset}@{index}".encode()).decode("ascii").rstrip("=")
