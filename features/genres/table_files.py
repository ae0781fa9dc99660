"""Files of genres as rows: a CSV with a header, or parquet. What the rows mean lives in ``features.genres.table``.

In a cell, genres stand with ``;`` between them, or with ``,`` where there is no ``;``; in parquet they may be a list.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from features.errors import GenreTableError

_FORM = "It needs the columns artist and genres; genres stand with ; between them."
_QUOTES = "Put names and genres that hold commas in quotes."
_PARQUET = b"PAR1"
EXTRA = "soundalike[parquet]"

Row = tuple[str, object, Iterable[object]]
"""Where it stands, for errors; the artist; the genres."""


def table_rows(path: Path) -> Iterator[Row]:
    """The rows of a table, streamed.

    Raises:
        GenreTableError: the file cannot be read or is not of that form, with the number of the line.
    """
    with _named(path.name), path.open("rb") as file:
        is_parquet = file.read(len(_PARQUET)) == _PARQUET
        file.seek(0)
        yield from _parquet_rows(file, path.name) if is_parquet else _csv_rows(file, path.name)


def _csv_rows(file: BinaryIO, name: str) -> Iterator[Row]:
    reader = csv.reader(_lines(file, name), strict=True)
    try:
        header = [label.strip().casefold() for label in next(reader, [])]
        artist, genres = _positions(header, name)
        for cells in reader:
            where = f"{name}, line {reader.line_num},"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) <= max(artist, genres):
                raise GenreTableError(f"{where} has too few cells: {len(cells)}.", _FORM)
            if any(cell.strip() for cell in cells[len(header) :]):
                raise GenreTableError(f"{where} has more cells than there are columns.", _QUOTES)
            yield where, cells[artist], _split(cells[genres])
    except csv.Error as error:
        raise GenreTableError(f"{name}, line {reader.line_num}, is no CSV: {error}.", _QUOTES) from error


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise GenreTableError(f"{name}, line {number}, is not UTF-8 text.", "Save the table as UTF-8.") from error


def _parquet_rows(file: BinaryIO, name: str) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise GenreTableError(
            f"{name} is parquet, and pyarrow is not installed.",
            f"Install it with: pip install '{EXTRA}', or use a CSV.",
        ) from error
    try:
        table = parquet.ParquetFile(file)
        labels = [label.strip().casefold() for label in table.schema_arrow.names]
        columns = [table.schema_arrow.names[position] for position in _positions(labels, name)]
        number = 0
        for batch in table.iter_batches(columns=columns):
            for artist, genres in zip(*(batch.column(column).to_pylist() for column in columns), strict=True):
                number += 1
                yield f"{name}, row {number},", artist, _genres_of(genres, f"{name}, row {number},")
    except ArrowException as error:
        raise GenreTableError(f"{name} is damaged: {str(error).splitlines()[0]}", "Write the file again.") from error


def _positions(labels: list[str], name: str) -> tuple[int, int]:
    if "artist" not in labels or "genres" not in labels:
        raise GenreTableError(f"{name}, line 1, names no columns artist and genres.", _FORM)
    return labels.index("artist"), labels.index("genres")


def _genres_of(value: Any, where: str) -> list[object]:  # noqa: ANN401 - whatever the column holds
    if value is None:
        return []
    if isinstance(value, str):
        return list(_split(value))
    if isinstance(value, list) and all(isinstance(genre, str) for genre in value):
        return list(value)
    raise GenreTableError(f"{where} has genres that are neither a text nor a list of texts.", _FORM)


def _split(cell: str) -> list[str]:
    return cell.split(";" if ";" in cell else ",")


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GenreTableError(
            f"The genre table {name} cannot be read: {error.strerror or type(error).__name__}.",
            "Set SOUNDALIKE_GENRE_TABLE to a CSV or parquet file, or leave it out.",
        ) from error
