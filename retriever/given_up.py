"""Whether anybody still waits for what a thread works on: what was answered with 503 must not be written later.

A thread cannot be stopped, so it asks before it writes. The word travels with a request's context into its threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from retriever.errors import Overloaded

_over: ContextVar[threading.Event | None] = ContextVar("over", default=None)


@contextmanager
def a_request() -> Iterator[None]:
    """While the block lasts, somebody waits for what is done in this context."""
    over = threading.Event()
    token = _over.set(over)
    try:
        yield
    finally:
        over.set()
        _over.reset(token)


def raise_if_given_up() -> None:
    """To be asked just before a write, by whoever has the right to write. Raises Overloaded."""
    over = _over.get()
    if over is not None and over.is_set():
        raise Overloaded("The request was given up before it could be carried out.")
