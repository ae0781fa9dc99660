"""People as parquet files, one a shard: the form in which other engines (Spark, Ray, DuckDB) take and give them.

A folder is whole or not there. What a row holds is told in ``features.tables.columns``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from errno import EMFILE
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from features.errors import StoreError
from features.identity import point_id
from features.own_folder import own_folder
from features.profile import UserId
from features.tables.columns import READ
from features.tables.frames import encoded, people_as_written, schema_of, table_of
from features.user_features import UserFeatures

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

MOST_SHARDS = 512
"""Files that are written to at once: each is open meanwhile, and processes may mostly have 1,024."""
_IN_MEMORY, _LEAST_IN_A_GROUP = 32_000, 64  # people that wait for their row groups, and the smallest of those
_STAGING, _WHOLE = ".soundalike-people-", "people"
_LIKE_EACH_OTHER = ["source", "text_model"]  # columns worth a dictionary

ShardOf = Callable[[UserId], int]
"""Which shard somebody belongs to, from 0."""
OnPeople = Callable[[int], None]
"""Told how many more people are done."""


def by_hash(shards: int) -> ShardOf:
    """Shards of about one size, the same for the same person in every run."""
    return lambda user_id: point_id(user_id).int % shards


def write_shards(
    batches: Iterable[Sequence[UserFeatures]],
    folder: Path,
    shard_of: ShardOf,
    shards: int,
    on_people: OnPeople = lambda _count: None,
) -> int:
    """Write people to a new folder, a file a shard, in the order in which they come; returns how many.

    The folder and its files are for their owner's eyes only. Memory is bounded whatever the number of people.

    Raises:
        StoreError: there is something already, or it cannot be written; then nothing is left behind.
    """
    if folder.exists():
        raise StoreError(f"{folder} is there already.", "Name a new folder, or delete that one.")
    try:
        with own_folder(folder.with_name(f"{_STAGING}{uuid4().hex}"), siblings=f"{_STAGING}*") as staging:
            people = _write(batches, staging / _WHOLE, shard_of, shards, on_people)
            (staging / _WHOLE).rename(folder)
    except OSError as error:
        mend = "Ask for fewer shards." if error.errno == EMFILE else "Name another folder, or make room on that disk."
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.", mend) from error
    return people


class Shards:
    """Parquet files with people, whoever wrote them."""

    def __init__(self, path: Path) -> None:
        """Take the files of a folder and those in it, or one file.

        Raises:
            StoreError: there is none.
        """
        self.files = [path] if path.is_file() else sorted(each for each in path.rglob("*.parquet") if each.is_file())
        if not self.files:
            raise StoreError(f"{path} holds no parquet files.", "Name a folder that python -m features dump wrote.")

    def count(self) -> int:
        """Rows of all files, by what the files say. Raises StoreError."""
        return sum(_rows_of(file) for file in self.files)

    def tables(self, file: Path, batch_size: int = 1000) -> Iterator[pa.RecordBatch]:
        """The rows of a file, in batches, with no more columns than it takes to read people. Raises StoreError."""
        with _opened(file) as rows:
            lacking = sorted(set(READ) - set(rows.schema_arrow.names))
            if lacking:
                raise StoreError(f"{file} lacks the columns {', '.join(lacking)}.", "docs/scaling.md names them all.")
            yield from rows.iter_batches(batch_size, columns=list(READ))

    def people(self, file: Path, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        """The people of a file that this program has just written. Raises StoreError."""
        for batch in self.tables(file, batch_size):
            yield people_as_written(batch)


def _write(
    batches: Iterable[Sequence[UserFeatures]], folder: Path, shard_of: ShardOf, shards: int, on_people: OnPeople
) -> int:
    group = max(_LEAST_IN_A_GROUP, _IN_MEMORY // shards)
    waiting: list[list[UserFeatures]] = [[] for _ in range(shards)]
    people = 0
    folder.mkdir(mode=0o700)
    with ExitStack() as files:
        writers = [files.enter_context(_writer(folder / _name(shard, shards))) for shard in range(shards)]
        for batch in batches:
            for person in batch:
                shard = shard_of(person.user_id)
                waiting[shard].append(person)
                if len(waiting[shard]) == group:
                    writers[shard].write_table(_table(waiting[shard]))
                    waiting[shard] = []
            people += len(batch)
            on_people(len(batch))
        for writer, rest in zip(writers, waiting, strict=True):
            if rest:
                writer.write_table(_table(rest))
    return people


def _name(shard: int, shards: int) -> str:
    return f"people-{shard:05}-of-{shards:05}.parquet"


def _table(people: Sequence[UserFeatures]) -> pa.Table:
    return table_of([encoded(person) for person in people])


@contextmanager
def _writer(path: Path) -> Iterator[parquet.ParquetWriter]:
    from pyarrow import parquet

    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(file, "wb") as out,
        parquet.ParquetWriter(out, schema_of(), compression="zstd", use_dictionary=_LIKE_EACH_OTHER) as writer,
    ):
        yield writer


def _rows_of(file: Path) -> int:
    with _opened(file) as rows:
        return int(rows.metadata.num_rows)


@contextmanager
def _opened(file: Path) -> Iterator[parquet.ParquetFile]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(file) as rows:
            yield rows
    except (ArrowException, OSError) as error:
        raise StoreError(f"{file} cannot be read: {error}.", "Write it anew with: python -m features dump") from error
