"""Faults that a test orders: answers that are errors, come late, or break off. Carrying them out: the servers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Failure:
    """The answer is an error; ``after`` the work was done nevertheless."""

    status: int
    code: int
    message: str
    after: bool


@dataclass(frozen=True)
class Delay:
    """The answer comes late."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """The connection breaks off: without an answer, or in the midst of what is sent; ``after`` the work was done."""

    after_bytes: int | None
    after: bool


@dataclass(frozen=True)
class Meanwhile:
    """Something is done or waited for before the call is looked at, as when another client comes in between."""

    work: Callable[[], object]


Fault: TypeAlias = Failure | Delay | Cut | Meanwhile


@dataclass
class _Ordered:
    pattern: re.Pattern[str]
    fault: Fault
    times: int


@dataclass(frozen=True)
class Strike:
    """What hits one call."""

    failure: Failure | None = None
    delay: float = 0.0
    cut: Cut | None = None
    meanwhile: Meanwhile | None = None


@dataclass
class Faults:
    """What is ordered, oldest first."""

    _ordered: list[_Ordered] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, pattern: str, fault: Fault, times: int) -> None:
        """The next ``times`` calls whose "METHOD path" matches the regular expression are hit."""
        with self._lock:
            self._ordered.append(_Ordered(re.compile(pattern), fault, times))

    def clear(self) -> None:
        """Nothing is ordered any more."""
        with self._lock:
            self._ordered.clear()

    def strike(self, call: str) -> Strike:
        """What hits this call: of each kind, the oldest that was ordered."""
        with self._lock:
            hit: dict[type[Fault], Fault] = {}
            for ordered in self._ordered:
                if type(ordered.fault) not in hit and ordered.pattern.search(call):
                    hit[type(ordered.fault)] = ordered.fault
                    ordered.times -= 1
            self._ordered = [ordered for ordered in self._ordered if ordered.times > 0]
        failure, delay, cut, meanwhile = map(hit.get, (Failure, Delay, Cut, Meanwhile))
        return Strike(
            failure=failure if isinstance(failure, Failure) else None,
            delay=delay.seconds if isinstance(delay, Delay) else 0.0,
            cut=cut if isinstance(cut, Cut) else None,
            meanwhile=meanwhile if isinstance(meanwhile, Meanwhile) else None,
        )
