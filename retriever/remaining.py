"""How much is left of a span that several waits share."""

from __future__ import annotations

import time
from collections.abc import Callable


def time_left(seconds: float | None) -> Callable[[], float | None]:
    """Tells, whenever it is asked, how many of ``seconds`` from now are left, at least 0; None stands for ever."""
    if seconds is None:
        return lambda: None
    until = time.monotonic() + seconds
    return lambda: max(until - time.monotonic(), 0.0)
