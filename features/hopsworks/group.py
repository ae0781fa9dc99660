"""The feature group through the SDK: rows in, rows out, rows removed. What they mean lives in ``frames``.

The offline store only, and never an ``embedding_index``: Qdrant searches. Rows are written by delta-rs in this process
and read by the query service in record batches, so that memory holds a batch.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from features.errors import HopsworksError
from features.hopsworks.ledger import Key
from features.hopsworks.schema import DESCRIPTION, NAME, VERSION
from features.hopsworks.session import Project, Session
from features.hopsworks.trouble import holds_nothing
from features.profile import UserId
from features.tables.columns import COLUMNS, EVENT_TIME, FINGERPRINT, KEY
from features.tables.frames import moment

if TYPE_CHECKING:
    import pyarrow as pa

SdkGroup: TypeAlias = Any
_IDS_AT_ONCE = 1000
_KEY_COLUMNS = [KEY, EVENT_TIME, FINGERPRINT]
_UNCOMMITTED_H = 24
"""Hours after which a file that no commit names is left by a write that was cut off, and not one under way."""
_LONG = 5.0  # times the deadline of a small step: what goes over the whole table
# Changes are followed by fingerprint; Delta's own record of them would keep copies of what was deleted.
_NO_COPIES = {"delta.enableChangeDataFeed": "false"}


class FeatureGroup:
    """The feature group; made when the first rows are written. Every method may raise ``HopsworksError``."""

    def __init__(self, session: Session, *, name: str = NAME, version: int = VERSION) -> None:
        self._session, self._name, self._version = session, name, version

    def row_keys(self) -> Generator[list[Key]]:
        """Key of every row, in batches, in no order; to be closed by who stops before the end."""
        with closing(self._read("listing who is in the feature group", _KEY_COLUMNS)) as batches:
            yield from map(keys_of, batches)

    def keys_among(self, user_ids: Sequence[UserId]) -> list[Key]:
        """Keys of the rows of ``user_ids``, in no order."""
        found = list[Key]()
        for start in range(0, len(user_ids), _IDS_AT_ONCE):
            some = list(user_ids[start : start + _IDS_AT_ONCE])
            with closing(self._read("looking for people", _KEY_COLUMNS, ids=some)) as batches:
                found += (key for batch in batches for key in keys_of(batch))
        return found

    def rows(self, since: int) -> Generator[pa.RecordBatch]:
        """Rows whose event time is ``since`` (microseconds since 1970) or later, in batches, in no order.

        To be closed by who stops before the end.
        """
        columns = [column.name for column in COLUMNS]
        return self._read("reading features", columns, since=since)

    def write(self, table: pa.Table, *, is_new: bool, is_first: bool = False) -> None:
        """Write rows, all or none of them.

        Args:
            table: in the columns of the schema, each person once.
            is_new: none of the rows' persons and times is there, so that they need not be looked for.
            is_first: no row is there at all, so that the table is to be made.
        """
        options = _NO_COPIES if is_first else None
        operation = "insert" if is_new else "upsert"
        self._session.call(
            "writing features",
            lambda project: self._insert(project, table, operation, options),
            patience=_LONG,
            is_write=True,
        )

    def remove(self, keys: Sequence[Key]) -> None:
        """Remove rows by person and time; those that are not there do not matter."""
        if keys:
            self._session.call(
                "deleting people", lambda project: self._remove(project, keys), patience=_LONG, is_write=True
            )

    def vacuum(self, retention_hours: int) -> None:
        """Put small files together, then delete those that no longer count and are older than ``retention_hours``.

        Those that no commit ever named go after a day: a write that was cut off left them, or is under way.
        Until then, files that no query reads keep the rows that were removed. Delta's log, which names the smallest and
        the largest value in each column of a file, is cut where it is older than its retention, 30 days.
        """
        self._session.call("putting files together", self._compact, patience=_LONG)
        self._session.call("vacuuming", lambda project: self._vacuum(project, retention_hours), patience=_LONG)

    def _read(
        self, what: str, columns: list[str], *, since: int | None = None, ids: list[UserId] | None = None
    ) -> Generator[pa.RecordBatch]:
        @contextmanager
        def opened(project: Project) -> Iterator[Iterator[pa.RecordBatch]]:
            group = self._group(project)
            if group is None:
                yield iter(())
                return
            query = group.select(columns)
            if since is not None:
                query = query.filter(group.get_feature(EVENT_TIME) >= moment(since).replace(tzinfo=None))
            if ids is not None:
                query = query.filter(group.get_feature(KEY).isin(ids))
            with query.read_batches() as batches:
                yield _as_far_as_there_is(batches)

        with closing(self._session.stream(what, opened)) as batches:
            yield from map(_with_keys, batches)

    def _group(self, project: Project) -> SdkGroup:
        """The feature group, or None where nothing was ever written."""
        found = project.get_feature_store().get_feature_group(self._name, self._version)  # may be another since
        if found is not None:
            self._check_columns(found)
        return found

    def _check_columns(self, group: SdkGroup) -> None:
        found = {feature.name: feature.type for feature in group.columns}
        wrong = sorted({(column.name, column.type) for column in COLUMNS} - found.items())
        if wrong or group.primary_key != [KEY] or group.event_time != EVENT_TIME:
            told = ", ".join(name for name, _ in wrong) or "its keys"
            raise HopsworksError(
                f"The feature group {self._name}, version {self._version}, is not one of this Soundalike: {told}.",
                "Rename or delete it in Hopsworks, or install the Soundalike that wrote it.",
            )

    def _made(self, project: Project) -> SdkGroup:
        from hsfs.feature import Feature

        return project.get_feature_store().create_feature_group(
            name=self._name,
            version=self._version,
            description=DESCRIPTION,
            primary_key=[KEY],
            event_time=EVENT_TIME,
            online_enabled=False,
            time_travel_format="DELTA",
            features=[Feature(column.name, column.type, description=column.description) for column in COLUMNS],
            statistics_config=False,
        )

    def _insert(
        self,
        project: Project,
        table: pa.Table,
        operation: str,
        options: dict[str, str] | None,
    ) -> None:
        import pandas as pd

        group = self._group(project) or self._made(project)
        # Arrow's own types in the frame, so that nothing is inferred and nothing copied.
        group.insert(table.to_pandas(types_mapper=pd.ArrowDtype), operation=operation, write_options=options)

    def _remove(self, project: Project, keys: Sequence[Key]) -> None:
        import pandas as pd
        import pyarrow as pa

        group = self._group(project)
        if group is not None:
            columns = {KEY: pa.array([key.user_id for key in keys])}
            columns[EVENT_TIME] = pa.array([key.updated_at for key in keys], pa.timestamp("us"))
            group.remove_rows(pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype))

    def _compact(self, project: Project) -> None:
        from deltalake.exceptions import TableNotFoundError

        with suppress(TableNotFoundError):  # made, and nothing was written yet
            if (group := self._group(project)) is not None:
                group.optimize()

    def _vacuum(self, project: Project, retention_hours: int) -> None:
        from deltalake.exceptions import TableNotFoundError

        with suppress(TableNotFoundError):
            if (group := self._group(project)) is not None:
                group.delta_vacuum(retention_hours)
                _table_of(group).vacuum(
                    max(retention_hours, _UNCOMMITTED_H), dry_run=False, enforce_retention_duration=False, full=True
                )
                group.delta_checkpoint()
                group.delta_cleanup_metadata()


def _with_keys(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows that have a person and a time, as all do that were written here; a missing fingerprint fits nothing."""
    import pyarrow.compute as pc

    batch = batch.filter(pc.and_(batch.column(KEY).is_valid(), batch.column(EVENT_TIME).is_valid()))
    return batch.set_column(
        batch.schema.get_field_index(FINGERPRINT), FINGERPRINT, batch.column(FINGERPRINT).fill_null("")
    )


def keys_of(batch: pa.RecordBatch) -> list[Key]:
    """The keys of rows, in their order."""
    import pyarrow as pa

    times = batch.column(EVENT_TIME).cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
    return list(map(Key, batch.column(KEY).to_pylist(), times, batch.column(FINGERPRINT).to_pylist()))


def _table_of(group: SdkGroup) -> Any:  # noqa: ANN401 - delta-rs has no types
    """The feature group's table itself, opened as the SDK does it, which has no way to what no commit names."""
    from deltalake import DeltaTable
    from hsfs.core.delta_engine import DeltaEngine

    engine = DeltaEngine(group.feature_store_id, group.feature_store_name, group, None, None)
    return DeltaTable(engine._get_delta_rs_location(), storage_options=engine._get_delta_rs_storage_options())


def _as_far_as_there_is(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except Exception as error:
        if not holds_nothing(error):
            raise
