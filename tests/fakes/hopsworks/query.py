"""A query of the client's, run over a Delta table: some columns, a filter, a limit. In no order, and without joins."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from .routing import NotFaked
from .state import Json

_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "EQUALS": operator.eq,
    "NOT_EQUALS": operator.ne,
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


class NothingThere(Exception):
    """There is no table, or no row in it; the message is the query service's."""


def result(query: Json, table: Path, name: str) -> pa.Table:
    """What a query selects; ``name``: of the feature group, in messages.

    Raises:
        NothingThere: there is no row, whatever the query says.
        NotFaked: the query does what is not faked.
    """
    _check(query)
    try:
        dataset = DeltaTable(str(table)).to_pyarrow_dataset()
    except TableNotFoundError:
        raise NothingThere(f"No delta logs found in {table}") from None
    if not dataset.count_rows():
        raise NothingThere(f"No data found for featuregroup {name}.")
    wanted = _logic(query["filter"], dataset.schema) if query.get("filter") else None
    found = dataset.to_table([feature["name"] for feature in query["leftFeatures"]], filter=wanted)
    return found.slice(0, query["limit"]) if query.get("limit") else found


def _check(query: Json) -> None:
    if query.get("joins"):
        raise NotFaked("a join")
    if query.get("leftFeatureGroupStartTime") or query.get("leftFeatureGroupEndTime"):
        raise NotFaked("time travel")


def _logic(logic: Json, schema: pa.Schema) -> ds.Expression:
    sides = [_filter(logic[side], schema) for side in ("leftFilter", "rightFilter") if logic.get(side)]
    sides += [_logic(logic[side], schema) for side in ("leftLogic", "rightLogic") if logic.get(side)]
    if logic["type"] == "SINGLE":
        return sides[0]
    both: ds.Expression = operator.and_(*sides) if logic["type"] == "AND" else operator.or_(*sides)
    return both


def _filter(rule: Json, schema: pa.Schema) -> ds.Expression:
    name, condition, text = rule["feature"]["name"], rule["condition"], rule["value"]
    kind = schema.field(name).type
    if condition == "IN":
        return pc.field(name).isin(_typed([str(value) for value in json.loads(text)], kind))
    if condition == "LIKE":
        return pc.match_like(pc.field(name), text)
    return _COMPARED[condition](pc.field(name), _typed([text], kind)[0])


def _typed(texts: list[str], kind: pa.DataType) -> pa.Array:
    """Values as the client writes them, all as text, in the type of the column; times are UTC."""
    values = pa.array(texts, pa.string())
    if pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp(kind.unit)).cast(kind)
    return values.cast(kind)
