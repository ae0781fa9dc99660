"""Doing again what Hopsworks was not available for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from features.errors import HopsworksUnavailable

_Answer = TypeVar("_Answer")
TRIES = 3


def again(work: Callable[[], _Answer], wait_s: float) -> _Answer:
    """What ``work``, harmless to repeat, answers; up to ``TRIES`` times while Hopsworks is not available.

    Args:
        work: raises HopsworksUnavailable where trying again may help.
        wait_s: about how long to wait before the first repetition.
    """
    return Retrying(
        retry=retry_if_exception_type(HopsworksUnavailable),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=wait_s, max=30),
        reraise=True,
    )(work)
