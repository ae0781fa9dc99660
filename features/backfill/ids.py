"""From the lines of a file to ids of Spotify profiles: one a line, CSV with a header, or JSON lines. Pure.

Data sets of Hugging Face are read in ``features.backfill.hub``.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

from features.errors import SpotifyLink, UnreadableSource
from features.profile import UserId, UserIdText
from features.spotify.links import user_id_of

COLUMNS: Final = ("spotify_id", "spotify_url", "user_id", "id")
"""Columns that hold an id or a link; the first of these that there is."""
_DELIMITERS = (",", ";", "\t")
_BARE = re.compile(r"[^\s,;\"/:?&=%<>{}\[\]()\\]+")
_EXACT = 2**53
_IS_ID = TypeAdapter(UserIdText)


@dataclass(frozen=True, slots=True)
class NotAnId:
    """A line that names no profile.

    Attributes:
        where: such as ``line 3``.
        why: in one sentence that does not repeat the line.
    """

    where: str
    why: str


Found: TypeAlias = UserId | NotAnId


def ids_in(lines: Iterable[str]) -> Iterator[Found]:
    """Ids in the order of the lines, each line's or why it has none; blank lines and ``# comments`` are passed over.

    Args:
        lines: a list with one id or link a line; a CSV whose header names one of ``COLUMNS``, with ``,``, ``;`` or tabs
            between its cells; or JSON lines with one of ``COLUMNS``.

    Raises:
        UnreadableSource: a quote in a CSV is never closed.
    """
    rest = ((number, line) for number, line in enumerate(lines, start=1) if not _is_passed_over(line))
    first = next(rest, None)
    if first is None:
        return
    if first[1].lstrip().startswith("{"):
        yield from (_of_json(number, line) for number, line in chain((first,), rest))
    elif (columns := _header(first[1])) is not None:
        yield from _of_cells(rest, *columns)
    else:
        yield from (found(f"line {number}", line) for number, line in chain((first,), rest))


def found(where: str, value: object) -> Found:
    """The id that a value is, or links to; numbers are names of accounts, too."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)  # as a column of numbers is read where one of them is missing
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return NotAnId(where, "There is no id.")
    text = value.strip()
    try:
        return UserId(_IS_ID.validate_python(text)) if _BARE.fullmatch(text) else user_id_of(text)
    except ValidationError:
        return NotAnId(where, "That is no id that a Spotify profile can have.")
    except SpotifyLink as error:
        return NotAnId(where, error.what if ":" in text else "That is neither an id nor a link.")


def column_of(names: Sequence[str]) -> str | None:
    """The column that holds the ids; None where there is none of them."""
    labels = {name.strip().casefold(): name for name in reversed(names)}
    return next((labels[column] for column in COLUMNS if column in labels), None)


def _is_passed_over(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _header(line: str) -> tuple[int, str] | None:
    """Which cell holds the ids, and what stands between the cells; None where the line is no header."""
    for delimiter in _DELIMITERS:
        with suppress(csv.Error):  # then it is no header
            names = next(csv.reader([line.strip()], delimiter=delimiter), [])
            if (column := column_of(names)) is not None:
                return names.index(column), delimiter
    return None


def _of_cells(lines: Iterable[tuple[int, str]], at: int, delimiter: str) -> Iterator[Found]:
    number = 0

    def texts() -> Iterator[str]:
        nonlocal number
        for number, line in lines:  # noqa: B007 - told by the cells that are read of it
            yield line

    try:
        for cells in csv.reader(texts(), delimiter=delimiter, strict=True):
            yield found(f"line {number}", cells[at] if at < len(cells) else None)
    except csv.Error as error:
        raise UnreadableSource(f"Line {number} is no CSV: {error}.", "Put cells that hold quotes in quotes.") from None


def _of_json(number: int, line: str) -> Found:
    where = f"line {number}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return NotAnId(where, "That is no JSON.")
    column = column_of([str(name) for name in row]) if isinstance(row, dict) else None
    if column is None:
        return NotAnId(where, f"It has none of {', '.join(COLUMNS)}.")
    return found(where, row[column])
