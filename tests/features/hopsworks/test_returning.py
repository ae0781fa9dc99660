"""Rows that come through after a deletion, writers in each other's way, and rows that others spoilt."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from features.errors import StoreError
from features.files import locked
from features.profile import UserId
from features.tables.columns import EVENT_TIME, FINGERPRINT
from features.tables.frames import encoded, table_of
from tests.builders import NOW
from tests.cluster import Cluster
from tests.features.hopsworks.machines import known, person, rows


@pytest.fixture
def cluster(cluster: Cluster) -> Cluster:
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    return cluster


def minute(number: int) -> Callable[[], datetime]:
    return lambda: NOW + timedelta(minutes=number)


def ids(cluster: Cluster) -> list[str]:
    return [row.user_id for row in rows(cluster)]


def test_a_row_that_comes_through_after_the_deletion_is_deleted_by_the_next_refresh(cluster: Cluster, tmp_path: Path):
    with closing(cluster.store(tmp_path / "here", clock=minute(5))) as here:
        here.upsert([person("ann"), person("zoe")])
        here.delete([UserId("ann")])
        cluster.group().write(table_of([encoded(person("ann", minutes=4))]), is_new=True)  # which was given up before
        here.refresh()
        assert list(known(here)) == ids(cluster) == ["zoe"]


def test_who_joins_anew_elsewhere_after_a_deletion_stays(cluster: Cluster, tmp_path: Path):
    with closing(cluster.store(tmp_path / "here", clock=minute(5))) as here:
        here.upsert([person("ann"), person("zoe")])
        here.delete([UserId("ann")])
        with closing(cluster.store(tmp_path / "there", clock=minute(6))) as there:
            there.upsert([person("ann", minutes=6)])
        here.refresh()
        assert list(known(here)) == ids(cluster) == ["ann", "zoe"]


def test_who_joins_anew_as_they_were_stays_though_a_row_of_before_came_through(cluster: Cluster, tmp_path: Path):
    with (
        closing(cluster.store(tmp_path / "here", clock=minute(5))) as here,
        closing(cluster.store(tmp_path / "there", clock=minute(6))) as there,
    ):
        here.upsert([person("ann"), person("zoe")])
        here.delete([UserId("ann")])
        cluster.group().write(table_of([encoded(person("ann", minutes=4))]), is_new=True)  # which was given up before
        there.upsert([person("ann", minutes=6)], anew=True)  # as the courier delivers a join
        here.refresh()
        there.refresh()
        assert list(known(here)) == list(known(there)) == ids(cluster) == ["ann", "zoe"]


def test_who_was_only_found_gone_may_come_back_with_any_time(cluster: Cluster, tmp_path: Path):
    with (
        closing(cluster.store(tmp_path / "here", clock=minute(9))) as here,
        closing(cluster.store(tmp_path / "there", clock=minute(1))) as there,
    ):
        here.upsert([person("ann"), person("zoe")])
        there.refresh()
        there.delete([UserId("ann")])
        here.refresh()  # finds her gone at minute 9
        there.upsert([person("ann", minutes=2)])
        here.refresh()
        assert list(known(here)) == ids(cluster) == ["ann", "zoe"]


def test_a_writer_that_another_process_keeps_waiting_says_so(cluster: Cluster, tmp_path: Path):
    with closing(cluster.store(tmp_path / "here", patience_s=0.05)) as here:
        here.upsert([person("ann")])
        with (
            locked(tmp_path / "here" / "features.lock"),
            pytest.raises(StoreError, match="has been written to by another"),
        ):
            here.upsert([person("bob")])
        here.upsert([person("bob")])
        assert list(known(here)) == ["ann", "bob"]


@pytest.mark.parametrize("column", [EVENT_TIME, FINGERPRINT])
def test_a_row_of_another_program_that_lacks_a_key_keeps_nobody_else_away(
    cluster: Cluster, tmp_path: Path, column: str
):
    with closing(cluster.store(tmp_path / "here")) as here, closing(cluster.store(tmp_path / "there")) as there:
        here.upsert([person("ann")])
        table = table_of([encoded(person("bob"))])
        at = table.column_names.index(column)
        cluster.group().write(table.set_column(at, column, [[None]]), is_new=True)
        if column == FINGERPRINT:
            with pytest.raises(StoreError, match="rows of 1 people"):
                there.refresh()
            there.delete([UserId("bob")])
        there.refresh()
        here.refresh()
        assert list(known(here)) == list(known(there)) == ["ann"]


def test_a_file_that_no_commit_names_is_vacuumed_after_a_day(cluster: Cluster, tmp_path: Path):
    with closing(cluster.store(tmp_path / "here")) as here:
        here.upsert([person("ann")])
        folder = cluster.fake.table(cluster.name, 3)
        (some, *_) = (file for file in folder.rglob("*.parquet") if "_delta_log" not in file.parts)
        fresh, old = some.with_name("part-fresh.parquet"), some.with_name("part-old.parquet")
        for left in (fresh, old):
            left.write_bytes(b"of a write that was cut off")
        two_days_ago = time.time() - 2 * 86_400
        os.utime(old, (two_days_ago, two_days_ago))
        here.vacuum(0)
        assert not old.exists()
        assert fresh.exists()  # it may be of a write that is under way
        assert list(known(here)) == ["ann"]
