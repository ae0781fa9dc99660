"""Looking into JSON that other programs made: whatever is missing or of another type is as if it were not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias, cast

Row: TypeAlias = dict[str, object]
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def part(document: object, key: str) -> object:
    """The value of a key of an object; None of anything else."""
    return document.get(key) if isinstance(document, dict) else None


def rows(value: object) -> Iterator[Row]:
    """The objects of a list; nothing of anything else."""
    if isinstance(value, list):
        yield from (cast("Row", row) for row in value if isinstance(row, dict))


def whole(value: object) -> int:
    """A number, without its fraction; 0 for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(cast("float", value)) if is_number and value == value and abs(cast("float", value)) < 1e15 else 0  # noqa: PLR0124 - NaN


def mbid(value: object) -> str:
    """A MusicBrainz identifier, in lower case; "" for anything else."""
    text = value.lower() if isinstance(value, str) else ""
    return text if _MBID.fullmatch(text) else ""
