"""The feature group through the SDK: rows in, rows out, rows removed. What they mean lives in ``frames``.

The offline store only, and never an ``embedding_index``: Qdrant searches. Rows are written by delta-rs in this process
and read by the query service in record batches, so that memory holds a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from features.errors import HopsworksError
from features.hopsworks.frames import moment
from features.hopsworks.ledger import Key
from features.hopsworks.schema import COLUMNS, DESCRIPTION, EVENT_TIME, FINGERPRINT, KEY, NAME, VERSION
from features.hopsworks.session import Project, Session
from features.hopsworks.trouble import holds_nothing
from features.profile import UserId

if TYPE_CHECKING:
    import pyarrow as pa

SdkGroup: TypeAlias = Any
_IDS_AT_ONCE = 1000
_LONG = 5.0  # times the deadline of a small step: what goes over the whole table
# Changes are followed by fingerprint; Delta's own record of them would keep copies of what was deleted.
_NO_COPIES = {"delta.enableChangeDataFeed": "false"}


class FeatureGroup:
    """The feature group; made when the first rows are written. Every method may raise ``HopsworksError``."""

    def __init__(self, session: Session, *, name: str = NAME, version: int = VERSION) -> None:
        self._session, self._name, self._version = session, name, version

    def row_keys(self, user_ids: Sequence[UserId] | None = None) -> Iterator[list[Key]]:
        """Key of every row, or of every row of ``user_ids``, in batches, in no order."""
        columns = [KEY, EVENT_TIME, FINGERPRINT]
        if user_ids is None:
            yield from map(keys_of, self._read("listing who is in the feature group", columns))
            return
        for start in range(0, len(user_ids), _IDS_AT_ONCE):
            some = list(user_ids[start : start + _IDS_AT_ONCE])
            yield from map(keys_of, self._read("looking for people", columns, ids=some))

    def rows(self, since: int) -> Iterator[pa.RecordBatch]:
        """Rows whose event time is ``since`` (microseconds since 1970) or later, in batches, in no order."""
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

        Until then, files that no query reads keep the rows that were removed. Delta's log, which names the smallest and
        the largest value in each column of a file, is cut where it is older than its retention, 30 days.
        """
        self._session.call("putting files together", self._compact, patience=_LONG)
        self._session.call("vacuuming", lambda project: self._vacuum(project, retention_hours), patience=_LONG)

    def _read(
        self, what: str, columns: list[str], *, since: int | None = None, ids: list[UserId] | None = None
    ) -> Iterator[pa.RecordBatch]:
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

        yield from self._session.stream(what, opened)

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
                group.delta_checkpoint()
                group.delta_cleanup_metadata()


def keys_of(batch: pa.RecordBatch) -> list[Key]:
    """The keys of rows, in their order."""
    import pyarrow as pa

    times = batch.column(EVENT_TIME).cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
    return list(map(Key, batch.column(KEY).to_pylist(), times, batch.column(FINGERPRINT).to_pylist()))


def _as_far_as_there_is(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except Exception as error:
        if not holds_nothing(error):
            raise
