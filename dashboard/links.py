"""Addresses of the page's own pages, to be given to somebody else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit


def link_to(page: str, query: Mapping[str, str], here: str, pages: Collection[str]) -> str:
    """The address of a page.

    Args:
        page: its name.
        query: what it is told.
        here: an address of any of the pages, as the visitor's browser has it.
        pages: names of all of them; the first one also stands at the bare address.
    """
    parts = urlsplit(here)
    before, _, last = parts.path.rstrip("/").rpartition("/")
    root = before if last in pages else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"{root}/{page}", urlencode(query), ""))
