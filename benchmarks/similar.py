"""``GET /v1/users/{id}/similar`` among many people: against the bare engine plus ``/healthz``, and under load."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import numpy as np

from benchmarks.http_load import Connection, open_loop
from features.compose import build as build_features
from features.identity import point_id
from features.profile import UserId
from features.settings import FeatureSettings, load
from indexer.check import similarity_quantiles
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.edge_shard import load_shard, search_params
from indexer.follow import vectors_of
from indexer.ports import PersonVector
from indexer.settings import IndexSettings
from retriever.own_server import own_server
from trainer.compose import load_embedder, registry

QUERIES, LIMIT = 2000, 10
WARM_UP_S = 15


def run(people: int, seconds: float) -> list[str]:
    """The figures, for ``people`` made of the ones in SOUNDALIKE_HOME with noise; that home is left as it is."""
    source = load(FeatureSettings).home
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(source / "models", home / "models")
        os.environ["SOUNDALIKE_HOME"] = str(source)
        ids = _index(home, people)
        os.environ["SOUNDALIKE_HOME"] = str(home)
        rng = np.random.default_rng(0)
        asked = [ids[i] for i in rng.integers(len(ids), size=QUERIES)]
        return [f"people: {people:,}, queries: {QUERIES:,}, limit {LIMIT}", *_served(asked, _Bare(home), seconds)]


def _index(home: Path, people: int) -> list[UserId]:
    settings = load(FeatureSettings)
    embedder = load_embedder(settings, registry(settings).latest())
    known = [p for batch in build_features(settings).store.scan() for p in vectors_of(batch, embedder)]
    catalog = EdgeIndexCatalog(home / "index", load(IndexSettings))
    builder = catalog.create(embedder.version, embedder.width)
    rng = np.random.default_rng(1)
    ids: list[UserId] = []
    while len(ids) < people:
        batch = []
        for person in known[: people - len(ids)]:
            noisy = person.vector + rng.standard_normal(embedder.width).astype(np.float32) * 0.06
            user_id = UserId(f"bench-{len(ids):07d}")
            batch.append(PersonVector(user_id, (noisy / np.linalg.norm(noisy)).astype(np.float32), person.payload))
            ids.append(user_id)
        builder.add(batch)
    index = builder.finish()
    now = datetime.now(UTC)
    quantiles = similarity_quantiles(np.stack([person.vector for person in known]), 0)
    builder.seal(replace(index.version, count=people, watermark=now, created_at=now, similarity_quantiles=quantiles))
    catalog.publish(index.version.name)
    return ids


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


def _served(asked: list[UserId], engine: _Bare, seconds: float) -> list[str]:
    with own_server() as url:
        port = urlsplit(url).port or 0
        time.sleep(WARM_UP_S)  # the server loads its text model meanwhile, which is not what is measured here
        connection = Connection(port)
        paths = [f"/v1/users/{user_id}/similar?limit={LIMIT}" for user_id in asked]
        bare, alive, similar = [], [], []
        for user_id, path in zip(asked, paths, strict=True):  # in turn, so that all meet the same machine
            bare.append(engine.ask(user_id))
            alive.append(connection.get("/healthz"))
            similar.append(connection.get(path))
        most = asyncio.run(open_loop(port, paths, rate=float("inf"), seconds=seconds, seed=0))
        rate = len(most.ms) / seconds / 2
        half = asyncio.run(open_loop(port, paths, rate=rate, seconds=seconds, seed=1))
    ours, rival = median(similar), median(bare) + median(alive)
    p50, p99 = half.percentile(50), half.percentile(99)
    return [
        f"/similar p50 {ours:.2f} ms = {ours / rival:.2f} x (bare engine {median(bare):.2f} ms + /healthz "
        f"{median(alive):.2f} ms) (bound 1.5); the server adds {ours - median(bare):.2f} ms to the engine (bound 3 ms)",
        f"open loop at {rate:.0f}/s, half of saturation: p50 {p50:.2f} ms, p99 {p99:.2f} ms = {p99 / p50:.1f} x p50 "
        f"(bound 5); {half.failed + most.failed} failed",
    ]
