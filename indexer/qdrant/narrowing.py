"""Whom a search may find, as a Qdrant server is told it: its indexes on payload fields, its filters, how to search."""

from __future__ import annotations

from collections.abc import Sequence

from qdrant_client import models

from features.identity import point_id
from features.profile import UserId
from indexer.ports import Where
from indexer.settings import IndexSettings

_SOURCE, _ARTISTS, _UPDATED = "source", "artist_count", "updated"


def field_indexes() -> dict[str, models.KeywordIndexParams | models.IntegerIndexParams]:
    """The fields of ``Where``, indexed before anybody is in; ``indexer.edge_filter`` tells why without links."""
    numbers = models.IntegerIndexParams(
        type=models.IntegerIndexType.INTEGER, lookup=False, range=True, enable_hnsw=False
    )
    source = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, enable_hnsw=False)
    return {_SOURCE: source, _ARTISTS: numbers, _UPDATED: numbers}


def filter_of(where: Where, exclude: Sequence[UserId]) -> models.Filter:
    """Lets through whom ``where`` does and ``exclude`` does not name."""
    asked: list[models.Condition] = []
    if where.sources:
        asked.append(models.FieldCondition(key=_SOURCE, match=models.MatchAny(any=sorted(where.sources))))
    if where.min_artists > 0:
        asked.append(models.FieldCondition(key=_ARTISTS, range=models.Range(gte=where.min_artists)))
    if where.since_s is not None:
        asked.append(models.FieldCondition(key=_UPDATED, range=models.Range(gte=where.since_s)))
    barred = models.HasIdCondition(has_id=[str(point_id(user_id)) for user_id in dict.fromkeys(exclude)])
    return models.Filter(must=asked, must_not=[barred])


def search_params(settings: IndexSettings, *, exact: bool, is_quantised: bool) -> models.SearchParams:
    """As ``indexer.edge_shard.search_params`` has it; what was rescored is as good as what was never quantised."""
    if exact:
        return models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))
    quantised = models.QuantizationSearchParams(rescore=True, oversampling=settings.oversampling)
    return models.SearchParams(
        hnsw_ef=settings.hnsw_ef,
        quantization=quantised if is_quantised else None,
        acorn=models.AcornSearchParams(enable=True),
    )
