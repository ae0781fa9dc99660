"""``GET /v1/users/{id}/similar`` among many people: against the bare engine plus ``/healthz``, and under load."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import numpy as np

from benchmarks.crowd import crowd
from benchmarks.http_load import Connection, Latencies, open_loop
from features.identity import point_id
from features.profile import UserId
from features.settings import load
from indexer.edge_shard import load_shard, search_params
from indexer.settings import IndexSettings
from retriever.own_server import own_server

QUERIES, LIMIT = 2000, 10
WARM_UP_S = 15
WINDOWS = 5
"""Of the open loop, one after the other; the median is told, since whatever else a machine does spoils one or two."""


def run(people: int, seconds: float) -> list[str]:
    """The figures, for ``people`` made of the ones in SOUNDALIKE_HOME with noise; that home is left as it is."""
    with crowd(people) as (home, ids):
        rng = np.random.default_rng(0)
        shuffled = [ids[i] for i in rng.permutation(len(ids))]
        asked, others = shuffled[:QUERIES], shuffled[QUERIES:]  # an answer that is given again costs no search
        head = f"people: {people:,}, queries: {len(asked):,}, limit {LIMIT}, every one a search"
        return [head, *_served(asked, others if len(others) > QUERIES else asked, _Bare(home), seconds)]


class _Bare:
    """The engine's own query on a copy of the index, as a process opens an index alone."""

    def __init__(self, home: Path) -> None:
        (folder,) = (home / "index" / "versions").glob("users-*")
        copy = home / "bare"
        shutil.copytree(folder / "shard", copy)
        self._shard = load_shard(copy)
        self._params = search_params(load(IndexSettings), exact=False)

    def ask(self, user_id: UserId) -> float:
        """Milliseconds for the person's vector, then the nearest with their payload."""
        from qdrant_edge import Query, QueryRequest

        start = time.perf_counter()
        (record,) = self._shard.retrieve([point_id(user_id)], False, True)
        query = Query.Nearest(record.vector)
        self._shard.query(QueryRequest(LIMIT + 1, query=query, with_payload=True, params=self._params))
        return (time.perf_counter() - start) * 1000


def _path(user_id: UserId) -> str:
    return f"/v1/users/{user_id}/similar?limit={LIMIT}"


def _served(asked: list[UserId], others: list[UserId], engine: _Bare, seconds: float) -> list[str]:
    with own_server() as url:
        port = urlsplit(url).port or 0
        time.sleep(WARM_UP_S)  # the server loads its text model meanwhile, which is not what is measured here
        connection = Connection(port)
        bare, alive, similar = [], [], []
        for user_id in asked:  # in turn, so that all meet the same machine
            bare.append(engine.ask(user_id))
            alive.append(connection.get("/healthz"))
            similar.append(connection.get(_path(user_id)))
        paths = [_path(user_id) for user_id in others]
        most = asyncio.run(open_loop(port, paths[::2], rate=float("inf"), seconds=seconds, seed=0))
        rate = len(most.ms) / seconds / 2
        windows = [
            asyncio.run(open_loop(port, paths[1 + 2 * seed :: 2 * WINDOWS], rate=rate, seconds=seconds, seed=seed))
            for seed in range(WINDOWS)
        ]
    ours, rival = median(similar), median(bare) + median(alive)
    return [
        f"/similar p50 {ours:.2f} ms = {ours / rival:.2f} x (bare engine {median(bare):.2f} ms + /healthz "
        f"{median(alive):.2f} ms) (bound 1.5); the server adds {ours - median(bare):.2f} ms to the engine (bound 3 ms)",
        f"open loop at {rate:.0f}/s, half of saturation, {WINDOWS} x {seconds:g} s: {_tail(windows)} (bound 5); "
        f"{sum(found.failed for found in [most, *windows])} failed",
    ]


def _tail(windows: list[Latencies]) -> str:
    percentiles = [(window.percentile(50), window.percentile(99)) for window in windows]
    shares = [p99 / p50 for p50, p99 in percentiles]
    p50, p99 = (median(column) for column in zip(*percentiles, strict=True))
    each = ", ".join(f"{share:.1f}" for share in shares)
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, p99 = {median(shares):.1f} x p50 (each: {each})"
