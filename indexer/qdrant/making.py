"""How collections are made, closed off, and waited for until their graph is built."""

from __future__ import annotations

import json
import math
import time
from hashlib import blake2b

from qdrant_client import models

from indexer.errors import IndexRejected, IndexUnavailable
from indexer.points import most_wanted
from indexer.qdrant.line import Line
from indexer.qdrant.narrowing import field_indexes
from indexer.qdrant.settings import LONGEST_SEARCH_S, QdrantSettings
from indexer.qdrant.written_by import BUILDER

_EXACT_BELOW_KB = 10_000  # vectors of a segment so small are compared one by one: as fast, and never wrong
_MOST_ASKED = most_wanted(5_000)  # people whom a question may name, leave out and compare, generously
_MOST_CONDITIONS = 16
# As much as the settings allow, since who searches may have others than who built.
_MOST_CANDIDATES, _MOST_OVERSAMPLING = 4096, 16.0
_LOOK_EVERY_S, _LOOKS = 0.5, 3
_BYTES = 4  # of a float32
_MAKING = "The collection cannot be made"
_LOOKING = "The collection cannot be looked at"


def make(line: Line, name: str, width: int) -> None:
    """A new collection with its payload indexes, which come before the people. Raises IndexUnavailable."""
    settings, within_s = line.settings, line.settings.qdrant_admin_timeout_s
    line.write(
        _MAKING,
        lambda client: client.create_collection(
            name,
            vectors_config=_vectors(settings, width),
            shard_number=settings.qdrant_shards,
            replication_factor=settings.qdrant_replicas,
            write_consistency_factor=settings.qdrant_write_consistency,
            hnsw_config=_graph(settings),
            quantization_config=_quantization(settings),
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=_EXACT_BELOW_KB),
            payload=models.PayloadStorageParams(memory=_tier(on_disk=settings.qdrant_payload_on_disk)),
            metadata={"made_as": made_as(settings, width)},
            timeout=math.ceil(within_s),
        ),
        within_s=within_s,
    )
    for field, schema in field_indexes().items():
        _index(line, name, field, schema)


def made_as(settings: QdrantSettings, width: int) -> str:
    """A digest of all that a collection is made with; two of the same can go on where the other was broken off."""
    made = [width, BUILDER, *(model.model_dump(mode="json") for model in (_vectors(settings, width), _graph(settings)))]
    made += [settings.qdrant_quantization, settings.qdrant_payload_on_disk]
    made += [settings.qdrant_shards, settings.qdrant_replicas, settings.qdrant_write_consistency]
    return blake2b(json.dumps(made).encode(), digest_size=8).hexdigest()


def limits(settings: QdrantSettings) -> models.StrictModeConfig:
    """What a finished collection refuses, so that no stray question brings the server down.

    No ``read_rate_limit``: a busy evening must not fail, and the servers before it let in no more than they can serve.
    No ``max_collection_vector_size_bytes``: nobody who joins is refused for being one too many; a full disk is watched.
    """
    return models.StrictModeConfig(
        enabled=settings.qdrant_strict,
        max_query_limit=_MOST_ASKED,
        max_timeout=LONGEST_SEARCH_S,
        unindexed_filtering_retrieve=False,
        unindexed_filtering_update=False,
        search_max_hnsw_ef=_MOST_CANDIDATES,
        search_max_oversampling=_MOST_OVERSAMPLING,
        search_allow_exact=True,  # a version may be proven again, and a small one is searched so anyway
        upsert_max_batchsize=max(1_000, settings.qdrant_upload_batch),
        filter_max_conditions=_MOST_CONDITIONS,
        condition_max_size=_MOST_ASKED,
    )


def wait_until_green(line: Line, name: str, width: int) -> None:
    """Wait until the server has nothing more to build; looked at several times where there is a graph.

    Raises:
        IndexRejected: the server failed to build it.
        IndexUnavailable: it does not answer, or takes longer than it may; what was uploaded stays for the next build.
    """
    settings, looks = line.settings, 0
    until = time.monotonic() + settings.qdrant_green_within_s
    while True:
        info = line.read(_LOOKING, lambda client: client.get_collection(name), within_s=settings.qdrant_write_timeout_s)
        if info.status == models.CollectionStatus.RED:
            raise IndexRejected(f"Qdrant cannot build the graph of {name}: {info.optimizer_status}.", "See its log.")
        if info.status == models.CollectionStatus.GREY:  # it waits for a word after a restart
            _wake(line, name)
        is_green = info.status == models.CollectionStatus.GREEN and _kb_without_graph(info, width) <= _EXACT_BELOW_KB
        looks = looks + 1 if is_green else 0
        has_graph = (info.points_count or 0) * width * _BYTES > _EXACT_BELOW_KB * 1024
        if looks >= (_LOOKS if has_graph else 1):
            return
        if not is_green and time.monotonic() > until:
            raise IndexUnavailable(
                f"The graph of {name} was not built within {settings.qdrant_green_within_s:g} s.",
                "The server goes on: build again later, which uploads nobody twice; give it more cores, or raise "
                "SOUNDALIKE_QDRANT_GREEN_WITHIN_S.",
            )
        time.sleep(_LOOK_EVERY_S)


def _kb_without_graph(info: models.CollectionInfo, width: int) -> float:
    """Of a segment, on average; green is also a server that has not yet noticed that there is something to build."""
    without = (info.points_count or 0) - (info.indexed_vectors_count or 0)
    return without * width * _BYTES / 1024 / max(info.segments_count, 1)


def _index(line: Line, name: str, field: str, schema: models.KeywordIndexParams | models.IntegerIndexParams) -> None:
    within_s = line.settings.qdrant_admin_timeout_s
    line.write(_MAKING, lambda client: client.create_payload_index(name, field, schema, wait=True), within_s=within_s)


def _wake(line: Line, name: str) -> None:
    within_s = line.settings.qdrant_admin_timeout_s
    nothing = models.OptimizersConfigDiff()
    line.write(_MAKING, lambda client: client.update_collection(name, optimizers_config=nothing), within_s=within_s)


def _vectors(settings: QdrantSettings, width: int) -> models.VectorParams:
    # Vectors are made unit length here, so this is the cosine; the server need not do it again, nor change a bit.
    return models.VectorParams(
        size=width, distance=models.Distance.DOT, memory=_tier(on_disk=settings.qdrant_vectors_on_disk)
    )


def _graph(settings: QdrantSettings) -> models.HnswConfigDiff:
    return models.HnswConfigDiff(
        m=settings.hnsw_m,
        ef_construct=settings.hnsw_ef_construct,
        full_scan_threshold=_EXACT_BELOW_KB,
        memory=_tier(on_disk=settings.qdrant_graph_on_disk),
    )


def _quantization(settings: QdrantSettings) -> models.ScalarQuantization | None:
    if settings.qdrant_quantization == "none":
        return None
    int8 = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, memory=models.Memory.PINNED)
    return models.ScalarQuantization(scalar=int8)


def _tier(*, on_disk: bool) -> models.Memory:
    return models.Memory.COLD if on_disk else models.Memory.CACHED
