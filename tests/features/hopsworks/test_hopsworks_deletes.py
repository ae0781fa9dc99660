"""Deleted means gone: on other machines, in the feature group's files, and in those of the replica."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import StoreError
from features.hopsworks.store import HopsworksFeatureStore
from features.identity import point_id
from features.profile import UserId
from tests.builders import NOW
from tests.cluster import Cluster
from tests.features.hopsworks.machines import known, person, rows
from tests.features.outboxes import LONG_AGO


def test_who_is_deleted_here_is_gone_there_with_a_tombstone(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann"), person("bob")])
    there.refresh()
    assert here.delete([UserId("ann")]) == 1
    there.refresh()
    assert known(there) == {"bob": ""}
    assert there.deleted(since=LONG_AGO) == [point_id(UserId("ann"))]
    assert [row.user_id for row in rows(cluster)] == ["bob"]


def test_who_was_written_elsewhere_and_never_seen_here_is_deleted_all_the_same(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann")])
    assert there.delete([UserId("ann")]) == 1
    assert rows(cluster) == []
    here.refresh()
    assert known(here) == {}


def test_a_listing_that_finds_nobody_where_many_were_is_doubted(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    people = [person(f"p{number:03}") for number in range(101)]
    here.upsert(people)
    there.refresh()
    here.delete([each.user_id for each in people])
    here.upsert([person("somebody-new")])  # who makes a lost feature group anew
    with pytest.raises(StoreError, match="101 of the 101 people known here are not in Hopsworks"):
        there.refresh()
    assert there.count() == 101


def test_a_few_may_all_be_deleted(here: HopsworksFeatureStore, there: HopsworksFeatureStore):
    here.upsert([person("ann"), person("bob")])
    there.refresh()
    here.delete([UserId("ann"), UserId("bob")])
    there.refresh()
    assert there.count() == 0


def test_after_a_vacuum_no_file_of_the_feature_group_holds_who_was_deleted(
    cluster: Cluster, here: HopsworksFeatureStore
):
    secret = person("someone-with-a-name", "Somebody Very Special")
    here.upsert([secret, person("zoe")])
    here.upsert([replace(secret, display_name="Somebody Else", updated_at=NOW + timedelta(hours=1))])
    here.delete([secret.user_id])
    here.vacuum(0)
    table = cluster.fake.table(cluster.name, 3)
    data = [file for file in table.rglob("*.parquet") if "_delta_log" not in file.parts]
    assert data
    import pyarrow.parquet as pq

    held = [row for file in data for row in pq.read_table(file, partitioning=None)["user_id"].to_pylist()]
    assert held == ["zoe"]
    assert not any(b"Somebody" in file.read_bytes() for file in data)


def test_after_a_delete_no_file_of_the_replica_holds_them(here: HopsworksFeatureStore, tmp_path: Path):
    here.upsert([person("someone-with-a-name"), person("zoe")])
    here.delete([UserId("someone-with-a-name")])
    files = [file for file in (tmp_path / "here").rglob("*") if file.is_file()]
    assert files
    assert not any(b"someone-with-a-name" in file.read_bytes() for file in files)
