"""How collections are made and closed off."""

from __future__ import annotations

import json
import math
from hashlib import blake2b
from typing import Any

from qdrant_client import models

from indexer.errors import IndexUnavailable
from indexer.points import most_wanted
from indexer.qdrant.line import Line
from indexer.qdrant.narrowing import field_indexes
from indexer.qdrant.settings import LONGEST_SEARCH_S, QdrantSettings
from indexer.qdrant.trouble import Passing
from indexer.qdrant.written_by import BUILDER

EXACT_BELOW_KB = 10_000  # vectors of a segment so small are compared one by one: as fast, and never wrong
_MOST_ASKED = most_wanted(5_000)  # people whom a question may name, leave out and compare, generously
_MOST_CONDITIONS = 16
# As much as the settings allow, since who searches may have others than who built.
_MOST_CANDIDATES, _MOST_OVERSAMPLING = 4096, 16.0
_MAKING = "The collection cannot be made"
UNLIMITED = models.StrictModeConfig(enabled=False)
"""For a collection that is being built, or that no stranger asks: a server's own settings may limit new ones."""


def make(line: Line, name: str, width: int) -> None:
    """A new collection with its payload indexes, which come before the people. Raises IndexUnavailable."""
    settings = line.settings
    create(
        line,
        _MAKING,
        name,
        vectors_config=_vectors(settings, width),
        shard_number=settings.qdrant_shards,
        replication_factor=settings.qdrant_replicas,
        write_consistency_factor=settings.qdrant_write_consistency,
        hnsw_config=_graph(settings),
        quantization_config=_quantization(settings),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=EXACT_BELOW_KB),
        payload=models.PayloadStorageParams(memory=_tier(on_disk=settings.qdrant_payload_on_disk)),
        metadata={"made_as": made_as(settings, width)},
    )
    make_field_indexes(line, name)


def create(line: Line, doing: str, name: str, **made_with: Any) -> None:  # noqa: ANN401 - as the client takes them
    """A new collection, without the limits of a server's own settings; one that is there already stays.

    Somebody else may have been quicker, or the answer of the first of two requests was lost. Raises IndexUnavailable.
    """
    within_s = line.settings.qdrant_admin_timeout_s
    try:
        line.write(
            doing,
            lambda client: client.create_collection(
                name, **made_with, strict_mode_config=UNLIMITED, timeout=math.ceil(within_s)
            ),
            within_s=within_s,
        )
    except Passing:
        raise
    except IndexUnavailable:
        if not line.read(doing, lambda client: client.collection_exists(name), within_s=within_s):
            raise


def make_field_indexes(line: Line, name: str) -> None:
    """Payload indexes of a collection; those that are there stay. Raises IndexUnavailable."""
    for field, schema in field_indexes().items():
        _index(line, name, field, schema)


def made_as(settings: QdrantSettings, width: int) -> str:
    """A digest of all that a collection is made with; two of the same can go on where the other was broken off."""
    made = [width, BUILDER, *(model.model_dump(mode="json") for model in (_vectors(settings, width), _graph(settings)))]
    made += [{field: schema.model_dump(mode="json") for field, schema in field_indexes().items()}]
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


def _index(line: Line, name: str, field: str, schema: models.KeywordIndexParams | models.IntegerIndexParams) -> None:
    within_s = line.settings.qdrant_admin_timeout_s
    line.write(_MAKING, lambda client: client.create_payload_index(name, field, schema, wait=True), within_s=within_s)


def _vectors(settings: QdrantSettings, width: int) -> models.VectorParams:
    # Vectors are made unit length here, so this is the cosine; the server need not do it again, nor change a bit.
    return models.VectorParams(
        size=width, distance=models.Distance.DOT, memory=_tier(on_disk=settings.qdrant_vectors_on_disk)
    )


def _graph(settings: QdrantSettings) -> models.HnswConfigDiff:
    return models.HnswConfigDiff(
        m=settings.hnsw_m,
        ef_construct=settings.hnsw_ef_construct,
        full_scan_threshold=EXACT_BELOW_KB,
        memory=_tier(on_disk=settings.qdrant_graph_on_disk),
    )


def _quantization(settings: QdrantSettings) -> models.ScalarQuantization | None:
    if settings.qdrant_quantization == "none":
        return None
    int8 = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, memory=models.Memory.PINNED)
    return models.ScalarQuantization(scalar=int8)


def _tier(*, on_disk: bool) -> models.Memory:
    return models.Memory.COLD if on_disk else models.Memory.CACHED
