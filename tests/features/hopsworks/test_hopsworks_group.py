"""A feature group that is not as it should be, and what a right one says of itself."""

import pytest

from features.errors import HopsworksError, UnreadableRows
from features.hopsworks.store import HopsworksFeatureStore
from features.profile import UserId
from features.tables.frames import encoded, table_of
from tests.cluster import Cluster
from tests.features.hopsworks.machines import known, person


def test_a_row_that_cannot_be_read_is_told_and_keeps_nobody_else_away(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann"), person("cleo")])
    table = table_of([encoded(person("bob"))])
    at = table.column_names.index("source")
    cluster.group().write(table.set_column(at, "source", [["elsewhere"]]), is_new=True)
    with pytest.raises(UnreadableRows, match="rows of 1 people in the feature group") as caught:
        there.refresh()
    assert caught.value.user_ids == ["bob"]
    assert "bob" not in str(caught.value)
    assert there.vacuum(0) == 0
    assert known(there) == {"ann": "", "cleo": ""}
    there.delete([UserId("bob")])  # as it says
    there.refresh()
    here.upsert([person("bob")], anew=True)
    there.refresh()
    assert known(there) == {"ann": "", "bob": "", "cleo": ""}


def test_a_feature_group_with_other_columns_is_refused_and_left_alone(cluster: Cluster, here: HopsworksFeatureStore):
    def make(project):
        import pandas as pd

        group = project.get_feature_store().create_feature_group(
            name=cluster.name, version=3, primary_key=["user_id"], time_travel_format="DELTA", statistics_config=False
        )
        group.insert(pd.DataFrame({"user_id": ["ann"], "number": [1]}))

    cluster.session.call("making another feature group", make)
    for work in (here.refresh, here.refresh, lambda: here.upsert([person("ann")])):
        with pytest.raises(HopsworksError, match="is not one of this Soundalike"):
            work()


def test_a_cluster_that_cannot_be_written_to_from_outside_is_said_with_what_to_ask_for(
    cluster: Cluster, here: HopsworksFeatureStore
):
    cluster.fake.is_hopsfs = True
    with pytest.raises(HopsworksError, match=r"lets no program outside of it write.*load balancers"):
        here.upsert([person("ann")])
    assert here.count() == 0


def test_a_feature_group_that_was_made_and_never_written_to_is_an_empty_one(
    cluster: Cluster, here: HopsworksFeatureStore
):
    cluster.fake.is_hopsfs = True
    with pytest.raises(HopsworksError):
        here.upsert([person("ann")])
    here.refresh()
    assert here.count() == here.delete([UserId("ann")]) == 0


def test_the_feature_group_says_what_its_columns_are(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann")])

    def described(project):
        group = project.get_feature_store().get_feature_group(cluster.name, 3)
        return group.primary_key, group.event_time, {each.name: (each.type, each.description) for each in group.columns}

    key, time, columns = cluster.session.call("looking", described)
    assert (key, time) == (["user_id"], "updated_at")
    assert columns["artist_embedding"][0] == columns["decades"][0] == "array<float>"
    assert all(description for _, description in columns.values())
