"""What the server bears: requests for known people against ``/healthz``, a steady load, and a long one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from urllib.parse import urlsplit

import numpy as np

from benchmarks.crowd import crowd
from benchmarks.http_load import open_loop, resident_mb
from retriever.own_server import own_server

LIMIT, STEADY_RATE = 10, 100.0
ROUNDS, ROUND_S, WARM_UP_S = 5, 4.0, 15
REPEATED = 1000


def run(people: int, soak_s: float) -> list[str]:
    """The figures, for ``people`` made of the ones in SOUNDALIKE_HOME with noise; that home is left as it is."""
    with crowd(people) as (_home, ids), own_server() as url:
        time.sleep(WARM_UP_S)  # the server loads its text model meanwhile, which is not what is measured here
        paths = [f"/v1/users/{ids[i]}/similar?limit={LIMIT}" for i in np.random.default_rng(0).permutation(len(ids))]
        port = urlsplit(url).port or 0
        return [f"people: {people:,}, limit {LIMIT}", *_throughput(port, paths), *_steady(url, port, paths, soak_s)]


def _throughput(port: int, paths: Sequence[str]) -> list[str]:
    """As fast as 16 connections can, in turn, so that all meet the same machine; nobody is asked about twice as new."""
    alive, new, again = [], [], []
    for number in range(ROUNDS):
        fresh = paths[number * len(paths) // ROUNDS : (number + 1) * len(paths) // ROUNDS]
        for found, asked in ((alive, ["/healthz"]), (new, fresh), (again, paths[:REPEATED])):
            done = asyncio.run(open_loop(port, asked, rate=float("inf"), seconds=ROUND_S, seed=number))
            found.append((len(done.ms) - done.failed) / ROUND_S)
    rival = median(alive)
    return [
        f"{what} {median(found):.0f}/s = {median(found) / rival:.2f} x /healthz ({rival:.0f}/s) (bound 0.5)"
        for what, found in (("known people, first asked about", new), ("asked about again, nothing changed", again))
    ]


def _steady(url: str, port: int, paths: Sequence[str], soak_s: float) -> list[str]:
    """A tenth of the time is for the memory to settle."""
    settling = asyncio.run(open_loop(port, paths, rate=STEADY_RATE, seconds=soak_s / 10, seed=1))
    before = resident_mb(url)
    soak = asyncio.run(open_loop(port, paths, rate=STEADY_RATE, seconds=soak_s, seed=2))
    after = resident_mb(url)
    return [
        f"{STEADY_RATE:.0f}/s for {soak_s:.0f} s: p50 {soak.percentile(50):.2f} ms, p99 {soak.percentile(99):.2f} ms "
        f"(bound 25), {soak.failed + settling.failed} of {len(soak.ms) + len(settling.ms):,} failed",
        f"resident memory {before:.0f} MB, {after:.0f} MB after: {100 * (after / before - 1):+.1f} % (bound 5)",
    ]
