"""People to an Arrow table and back. Pure; the row codec is that of the local store.

Types are stated, never inferred: a list that is empty in all rows stays a list of floats, and floats stay float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import StoreError
from features.fingerprint import LENGTH
from features.listening import Listening
from features.sqlite.codec import Row, features_of, row_of
from features.tables.columns import COLUMNS, EVENT_TIME, FINGERPRINT, KEY, VECTORS
from features.user_features import UserFeatures

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SAME = (
    "display_name",
    "profile_url",
    "source",
    "text_model",
    "year_mean",
    "year_std",
    "genre_coverage",
    "year_coverage",
)
"""Columns that a row of the local store has under the same name."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A person with their row in the local store's form, which also tells the fingerprint: made once, used often."""

    person: UserFeatures
    row: Row

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits, as ``features.fingerprint`` gives them."""
        return self.row.content.hex()[:LENGTH]


def encoded(person: UserFeatures) -> Encoded:
    """The person, encoded."""
    return Encoded(person, row_of(person))


def table_of(people: Sequence[Encoded]) -> pa.Table:
    """One row a person, in the types of ``features.tables.columns``.

    Raises:
        StoreError: vectors of one text model are of different widths, or not finite.
    """
    import pyarrow as pa

    rows = [each.row for each in people]
    _check_vectors([each.person for each in people])
    tastes = [_taste(each.person.listening) for each in people]
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in (KEY, *_SAME)}
    columns |= {
        EVENT_TIME: [microseconds(each.person.updated_at) for each in people],
        FINGERPRINT: [each.fingerprint for each in people],
        "consent": [each.person.consent for each in people],
        "consented_at": [None if (at := each.person.consented_at) is None else microseconds(at) for each in people],
        "genre_embedding": _floats([row.genre for row in rows]),
        "artist_embedding": _floats([row.artist for row in rows]),
        "playlist_embedding": _floats([row.playlist for row in rows]),
        "decades": _floats([row.decades for row in rows]),
        "artists": _lists([list(artists) for artists, _ in tastes], pa.string()),
        "artist_weights": _lists([list(artists.values()) for artists, _ in tastes], pa.float32()),
        "genres": _lists([list(genres) for _, genres in tastes], pa.string()),
        "genre_weights": _lists([list(genres.values()) for _, genres in tastes], pa.float32()),
        "listening": [row.listening.decode() for row in rows],
    }
    schema = schema_of()
    arrays = [_typed(columns[field.name], field.type) for field in schema]
    return pa.table(arrays, schema=schema)


def people_of(batch: pa.RecordBatch) -> list[Encoded | None]:
    """The people that rows of a table keep, in their order; None where a row is not what was written."""
    return [_read(row, fingerprint) for row, fingerprint in zip(_rows(batch), _plain(batch, FINGERPRINT), strict=True)]


def people_as_written(batch: pa.RecordBatch) -> list[UserFeatures]:
    """The people of a table that this program has just written; nothing is compared, which takes as long as reading.

    Raises:
        ValueError: the rows are damaged.
    """
    return [features_of(row()) for row in _rows(batch)]


def _rows(batch: pa.RecordBatch) -> Iterator[Callable[[], Row]]:
    """A row of the local store for each row, made when it is asked for, since a time may be none."""
    plain = {name: _plain(batch, name) for name in (KEY, *_SAME, "listening")}
    times, consents = _stamps(batch[EVENT_TIME]), _stamps(batch["consented_at"])
    vectors = {name: _blobs(batch[name]) for name in (*VECTORS, "decades")}

    def row_at(at: int) -> Row:
        return Row(
            content=b"",
            consented_at=None if consents[at] is None else moment(consents[at]).isoformat(),
            updated_at=moment(times[at]).isoformat(),
            genre=vectors["genre_embedding"][at],
            artist=vectors["artist_embedding"][at],
            playlist=vectors["playlist_embedding"][at],
            decades=vectors["decades"][at],
            listening=plain["listening"][at].encode(),
            **{name: plain[name][at] for name in (KEY, *_SAME)},
        )

    return (partial(row_at, at) for at in range(batch.num_rows))


def schema_of() -> pa.Schema:
    """The columns' types in Arrow."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "timestamp": pa.timestamp("us"),
        "boolean": pa.bool_(),
        "double": pa.float64(),
        "array<float>": pa.list_(pa.float32()),
        "array<string>": pa.list_(pa.string()),
    }
    return pa.schema([(column.name, types[column.type]) for column in COLUMNS])


def microseconds(time: datetime) -> int:
    """Microseconds since 1970 of a timezone-aware ``time``."""
    return (time - _EPOCH) // _MICROSECOND


def moment(stamp: int) -> datetime:
    """The time, UTC, that is ``stamp`` microseconds after 1970 began."""
    return _EPOCH + stamp * _MICROSECOND


def _taste(listening: Listening) -> tuple[Mapping[str, float], Mapping[str, float]]:
    artists = listening.artist_weights()
    return artists, listening.genre_weights(artists)


def _check_vectors(people: Sequence[UserFeatures]) -> None:
    width: dict[str, int] = {}
    for person in people:
        for vector in (person.genre, person.artist, person.playlist):
            if vector is None:
                continue
            if width.setdefault(person.text_model, len(vector)) != len(vector):
                raise StoreError(
                    f"Somebody's vectors are not as wide as others of the text model {person.text_model}.",
                    "Import the profiles again.",
                )
            if not np.isfinite(vector).all():
                raise StoreError("Somebody's vector is not finite.", "Import the profiles again.")


def _plain(batch: pa.RecordBatch, name: str) -> list[Any]:
    return batch[name].to_pylist()


def _stamps(column: pa.Array) -> list[Any]:
    """Microseconds since 1970, or None where there is no time."""
    import pyarrow as pa

    return column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()


def _typed(column: list[Any] | pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    return pa.array(column, kind) if isinstance(column, list) else column


def _floats(blobs: Sequence[bytes | None]) -> pa.Array:
    """float32 lists out of their bytes, without a Python number in between."""
    import pyarrow as pa

    values = np.frombuffer(b"".join(blob for blob in blobs if blob is not None), "<f4")
    ends = accumulate((0 if blob is None else len(blob) // 4 for blob in blobs), initial=0)
    missing = pa.array([blob is None for blob in blobs], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(list(ends), pa.int32()), pa.array(values), mask=missing)


def _lists(rows: Sequence[Sequence[Any]], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    ends = pa.array(list(accumulate(map(len, rows), initial=0)), pa.int32())
    return pa.ListArray.from_arrays(ends, pa.array(list(chain.from_iterable(rows)), kind))


def _blobs(column: pa.Array) -> list[bytes | None]:
    import pyarrow as pa

    lists = column.cast(pa.list_(pa.float32()))
    values, ends = lists.values.to_numpy(zero_copy_only=False), lists.offsets.to_pylist()
    return [
        values[ends[at] : ends[at + 1]].astype("<f4").tobytes() if known else None
        for at, known in enumerate(lists.is_valid().to_pylist())
    ]


def _read(row: Callable[[], Row], fingerprint: str) -> Encoded | None:
    try:
        found = encoded(features_of(row()))
    except (ValueError, LookupError, TypeError, AttributeError):  # also a null where there may be none
        return None
    return found if found.fingerprint == fingerprint else None
