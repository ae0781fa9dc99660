"""Starting while another process still has the index: a server that is about to stop, or an eraser at work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_fixed

from indexer.errors import IndexBeingRewritten, IndexInUse

IN_USE_S, REWRITTEN_S = 10.0, 180.0
"""How long to wait for a server that stops, and for an eraser, which takes 40 s for 100,000 people."""
_LOOK_EVERY_S = 0.2

_log = logging.getLogger(__name__)
_Opened = TypeVar("_Opened")


def patiently(opening: Callable[[], _Opened], *, in_use_s: float = IN_USE_S) -> _Opened:
    """Open, and try again for a while where another process has the index. Raises what ``opening`` raises."""

    def is_over(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        most = REWRITTEN_S if isinstance(error, IndexBeingRewritten) else in_use_s
        return (state.seconds_since_start or 0.0) >= most

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if state.attempt_number == 1:
            _log.warning("waiting: %s", getattr(error, "what", error))

    retrying = Retrying(
        retry=retry_if_exception_type((IndexInUse, IndexBeingRewritten)),
        wait=wait_fixed(_LOOK_EVERY_S),
        stop=is_over,
        before_sleep=tell,
        reraise=True,
    )
    return retrying(opening)
