"""Whole processes timed in turn, A B A B …, so that a machine whose speed drifts does not favour one of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """Wall seconds of both, run by run.

    Attributes:
        ours: seconds of each of our runs.
        rival: seconds of each of the rival's runs.
    """

    ours: list[float]
    rival: list[float]

    @property
    def median(self) -> float:
        """Median of the ratios pair by pair."""
        return median(a / b for a, b in zip(self.ours, self.rival, strict=True))

    def line(self, name: str, bound: str) -> str:
        """One line of the report."""
        return (
            f"{name}: {self.median:.2f} x the rival (bound {bound}); "
            f"ours {median(self.ours):.2f} s, rival {median(self.rival):.2f} s, median of {len(self.ours)}"
        )


def compare(ours: Sequence[str], rival: Sequence[str], *, runs: int, before: Callable[[], None]) -> Ratio:
    """Time two Python command lines in turn, after one warm-up of each.

    Args:
        ours: arguments after ``python``.
        rival: arguments after ``python``.
        runs: counted runs of each.
        before: called before each run of ours, to put things back.
    """
    timed = Ratio([], [])
    for run in range(runs + 1):
        before()
        a, b = _seconds(ours), _seconds(rival)
        if run:
            timed.ours.append(a)
            timed.rival.append(b)
    return timed


def _seconds(arguments: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start
