"""Exceptions for the log: their kinds and where they came from, but no word of theirs and no value of a variable.

An exception's message quotes what it stumbled over, such as a user id or an artist's name, and the log must not know
those. Of the errors of the operating system and of SQLite the name of the fault is told: it quotes nothing.
"""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from traceback import walk_tb
from typing import Any

MAX_ERRORS = 20
"""Most errors of one chain that are told."""


def without_words(_logger: object, _method: str, event: Any) -> Any:  # noqa: ANN401 - structlog's own types
    """Processor of structlog: what was raised, as text under ``exception``."""
    raised = _raised(event.pop("exc_info", None))
    if raised is not None:
        event["exception"] = told(raised)
    return event


def told(error: BaseException) -> str:
    """An error, the errors that it came from, and where each was raised, the innermost call last."""
    lines: list[str] = []
    for each in _chain(error):
        lines.append(f"{'from ' if lines else ''}{_name(each)}")
        lines += (
            f"  {frame.f_code.co_filename}:{line} {frame.f_code.co_qualname}"
            for frame, line in walk_tb(each.__traceback__)
        )
    return "\n".join(lines)


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, met = [error], set[int]()
    while waiting and len(met) < MAX_ERRORS:
        each = waiting.pop()
        if id(each) in met:
            continue
        met.add(id(each))
        yield each
        cause = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        waiting += [] if cause is None else [cause]
        waiting += reversed(each.exceptions) if isinstance(each, BaseExceptionGroup) else []


def _name(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} ({errno.errorcode.get(error.errno, error.errno)})"
    if isinstance(error, sqlite3.Error):
        return f"{name} ({getattr(error, 'sqlite_errorname', None) or 'no code'})"
    return name


def _raised(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exception() if exc_info else None
