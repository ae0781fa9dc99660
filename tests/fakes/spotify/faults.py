"""Faults that a test orders: answers in place of the true one, late ones, broken connections. Carried out: server."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TypeAlias

from .answers import Answer


@dataclass(frozen=True)
class Cut:
    """The connection breaks off: without an answer, or after so many bytes of its body."""

    after_bytes: int | None = None


@dataclass(frozen=True)
class Late:
    """The answer comes late; it is the true one where none is given."""

    seconds: float
    answer: Answer | None = None


Fault: TypeAlias = Answer | Cut | Late


def cut(after_bytes: int | None = None) -> Cut:
    """A connection that breaks off."""
    return Cut(after_bytes)


def late(seconds: float, answer: Answer | None = None) -> Late:
    """An answer that comes late."""
    return Late(seconds, answer)


@dataclass
class _Ordered:
    start: str
    fault: Fault
    times: float
    after: int


@dataclass
class Faults:
    """What is ordered, oldest first."""

    _ordered: list[_Ordered] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, start: str, fault: Fault, *, times: float, after: int) -> None:
        """Calls whose "METHOD path" begins so are hit: so many ``times``, and none of the first ``after``."""
        with self._lock:
            self._ordered.append(_Ordered(start, fault, times, after))

    def clear(self) -> None:
        """Nothing is ordered any more."""
        with self._lock:
            self._ordered.clear()

    def strike(self, call: str) -> Fault | None:
        """What hits this call: the oldest that was ordered and is due."""
        with self._lock:
            for ordered in self._ordered:
                if not call.startswith(ordered.start) or not ordered.times:
                    continue
                if ordered.after:
                    ordered.after -= 1
                    continue
                ordered.times -= 1
                return ordered.fault
        return None
