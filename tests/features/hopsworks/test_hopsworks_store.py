"""What the contract of FeatureStore does not ask: several machines that write, refresh and read."""

from dataclasses import replace
from datetime import timedelta

from features.fingerprint import fingerprint
from features.hopsworks.store import HopsworksFeatureStore
from features.profile import UserId
from features.tables.frames import encoded, microseconds, table_of
from tests.builders import NOW
from tests.cluster import Cluster
from tests.features.hopsworks.machines import known, person, rows
from tests.features.outboxes import LONG_AGO


def test_what_one_machine_writes_another_reads_as_it_was(here: HopsworksFeatureStore, there: HopsworksFeatureStore):
    bare = replace(person("bob"), genre=None, artist=None, playlist=None, years=None, profile_url=None)
    here.upsert([person("Ünal 🎧", "Ü"), bare])
    there.refresh()
    (found,) = there.scan()
    assert [fingerprint(each) for each in found] == [fingerprint(bare), fingerprint(person("Ünal 🎧", "Ü"))]
    assert {each.updated_at for each in found} == {NOW}


def test_a_refresh_fetches_just_what_has_changed(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person(name) for name in "abcdef"])
    there.refresh()
    told: list[tuple[int, int]] = []
    here.upsert([person("b", "new", minutes=1), person("g", minutes=2)])
    there.refresh(lambda done, people: told.append((done, people)))
    assert known(there) == {"a": "", "b": "new", "c": "", "d": "", "e": "", "f": "", "g": ""}
    assert told == [(0, 2), (2, 2)]
    asked = len(cluster.fake.requests)
    there.refresh(lambda done, people: told.append((done, people)))
    assert told == [(0, 2), (2, 2)]
    reads = [request for request in cluster.fake.requests[asked:] if "do_get" in str(request)]
    assert len(reads) == 1  # the listing


def test_reading_asks_hopsworks_nothing(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann"), person("bob")])
    asked = len(cluster.fake.requests)
    here.get([UserId("ann")])
    assert known(here) == {"ann": "", "bob": ""}
    here.count()
    here.last_change()
    here.deleted(since=LONG_AGO)
    here.departed(since=LONG_AGO)
    here.catalog.popularity()
    here.catalog.facts(["Air"])
    assert len(cluster.fake.requests) == asked


def test_the_catalogue_tells_of_everybody_wherever_they_were_written(
    here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann"), person("bob")])
    there.refresh()
    assert there.catalog.popularity() == ({"air": 2}, {"electronic": 2})


def test_a_person_has_one_row_however_often_they_change(cluster: Cluster, here: HopsworksFeatureStore):
    for minutes in range(4):
        here.upsert([person("ann", f"state {minutes}", minutes), person("bob")])
    assert [(row.user_id, row.updated_at) for row in rows(cluster)] == [
        ("ann", encoded_time(3)),
        ("bob", encoded_time(0)),
    ]


def encoded_time(minutes: int) -> int:
    return int((NOW + timedelta(minutes=minutes)).timestamp() * 1_000_000)


def test_a_change_that_carries_the_same_time_takes_the_row_s_place(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann", "one"), person("bob")])
    here.upsert([person("ann", "two"), person("cleo")])
    assert [row.user_id for row in rows(cluster)] == ["ann", "bob", "cleo"]
    assert known(here)["ann"] == "two"


def test_a_state_with_an_older_time_that_is_written_later_wins(
    here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann", "newer", minutes=5)])
    here.upsert([person("ann", "older", minutes=1)])
    there.refresh()
    assert known(here) == known(there) == {"ann": "older"}


def test_what_is_unchanged_is_not_sent(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann")])
    here.refresh()
    later = replace(person("ann"), updated_at=NOW + timedelta(days=1))
    asked = len(cluster.fake.requests)
    here.upsert([later])
    assert len(cluster.fake.requests) == asked
    here.upsert([person("ann")], anew=True)
    assert not any(request.method == "POST" for request in cluster.fake.requests[asked:])


def test_a_join_as_somebody_was_renews_the_time_and_is_written_once(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann")])
    for _delivery in range(2):
        assert here.upsert([person("ann", minutes=9)], anew=True).unchanged == 1
    assert [row.updated_at for row in rows(cluster)] == [microseconds(NOW + timedelta(minutes=9))]


def test_who_was_deleted_elsewhere_and_joins_here_again_as_they_were_is_there(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann"), person("bob")])
    here.refresh()
    there.delete([UserId("ann")])
    here.upsert([person("ann")], anew=True)  # as the courier delivers a join
    here.refresh()
    there.refresh()
    assert known(here) == known(there) == {"ann": "", "bob": ""}


def test_states_that_two_machines_wrote_at_once_become_one(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("zoe")])
    there.refresh()
    here.upsert([person("ann", "here", minutes=1)])
    there.upsert([person("ann", "there", minutes=2)])
    here.refresh()
    assert known(here)["ann"] == known(there)["ann"] == "there"
    assert here.vacuum(0) == 1
    assert [row.user_id for row in rows(cluster)] == ["ann", "zoe"]


def test_rows_that_are_there_twice_become_one_and_nobody_is_lost(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("ann"), person("bob")])
    cluster.group().write(table_of([encoded(person("ann"))]), is_new=True)
    there.refresh()
    assert known(there) == {"ann": "", "bob": ""}
    there.vacuum(0)
    here.refresh()
    assert [row.user_id for row in rows(cluster)] == ["ann", "bob"]
    assert known(here) == known(there) == {"ann": "", "bob": ""}
