"""Ids in a column of a data set of Hugging Face, streamed. Its library is imported when there is one to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from typing import Any, Final

from features.backfill.ids import COLUMNS, Found, column_of, found
from features.errors import SourceUnavailable, UnreadableSource

PREFIX: Final = "hf:"
EXTRA: Final = "soundalike[datasets]"


def is_reference(text: str) -> bool:
    """Whether a text, which may also be a path, names a data set."""
    return text.startswith(PREFIX)


def ids_on_hub(reference: str) -> Iterator[Found]:
    """Ids in the split ``train`` of a data set, in its order; no more rows are fetched than are asked for.

    Args:
        reference: ``hf:OWNER/NAME`` or ``hf:OWNER/NAME#COLUMN``; in place of the name, a folder with the data.

    Raises:
        SourceUnavailable: Hugging Face cannot be reached.
        UnreadableSource: there is no such data set, split or column, or the library is not installed.
    """
    name, _, column = reference.removeprefix(PREFIX).partition("#")
    load_dataset = _library()
    with _trouble_named(name):
        rows = load_dataset(name, split="train", streaming=True)
        if rows.column_names:  # of a CSV, only its rows tell
            wanted = _column(name, rows.column_names, column)
            rows = rows.select_columns([wanted])  # of parquet, no other one is fetched
            values = iter(rows)
        else:
            values = iter(rows)
            first: dict[str, object] = next(values, {})
            wanted = _column(name, list(first), column)
            values = chain([first], values)
    for number in count(1):
        with _trouble_named(name):
            row = next(values, None)
        if row is None:
            return
        yield found(f"row {number}", row.get(wanted))


def _library() -> Any:  # noqa: ANN401 - the library's function, which has no types here
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise UnreadableSource(
            "What reads data sets of Hugging Face is not installed.", f"Install it with: pip install '{EXTRA}'"
        ) from error
    return load_dataset


def _column(name: str, names: Sequence[str], wanted: str) -> str:
    chosen = column_of(names) if not wanted else wanted if wanted in names else None
    if chosen is None:
        missing = f"no column {wanted}" if wanted else f"none of {', '.join(COLUMNS)}"
        raise UnreadableSource(
            f"The data set {name} has {missing}; it has: {', '.join(names)}.",
            f"Name the column that holds ids or links: {PREFIX}{name}#COLUMN.",
        )
    return chosen


@contextmanager
def _trouble_named(name: str) -> Iterator[None]:
    try:
        yield
    except UnreadableSource:
        raise
    except ConnectionError as error:
        raise SourceUnavailable(
            f"The data set {name} cannot be fetched: Hugging Face cannot be reached.",
            "Check the network and try again.",
        ) from error
    except Exception as error:
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise UnreadableSource(
            f"The data set {name} cannot be read: {said.rstrip('.')}.",
            f"It has to be {PREFIX}OWNER/NAME or {PREFIX}FOLDER, with a split named train.",
        ) from error
