"""What the contract of FeatureStore does not ask: several machines, what breaks off, and that deleted means gone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.errors import HopsworksError, HopsworksUnavailable, StoreError, UnreadableRows
from features.fingerprint import fingerprint
from features.hopsworks import group
from features.hopsworks.frames import encoded, table_of
from features.hopsworks.ledger import Key
from features.hopsworks.store import HopsworksFeatureStore
from features.identity import point_id
from features.profile import UserId
from features.user_features import UserFeatures
from tests.builders import NOW, a_playlist, a_profile, a_track, features_of
from tests.cluster import Cluster, settings_of
from tests.waiting import until

COMMIT = r"POST .*featuregroups/\d+/commits"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PERSON = features_of(
    a_profile("ann", a_playlist("mix", a_track("Air", genres=["electronic"], release_year=1998, plays=7)))
)[0]
Machine = Callable[[str], HopsworksFeatureStore]


def person(user_id: str = "ann", state: str = "", minutes: int = 0) -> UserFeatures:
    later = NOW + timedelta(minutes=minutes)
    return replace(PERSON, user_id=UserId(user_id), display_name=state, updated_at=later)


@pytest.fixture
def machine(cluster: Cluster, tmp_path: Path) -> Iterator[Machine]:
    """Stores of machines by name: one feature group, each with a disk of its own."""
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    made: list[HopsworksFeatureStore] = []

    def named(name: str) -> HopsworksFeatureStore:
        made.append(cluster.store(tmp_path / name))
        return made[-1]

    yield named
    for store in made:
        store.close()


@pytest.fixture
def here(machine: Machine) -> HopsworksFeatureStore:
    return machine("here")


@pytest.fixture
def there(machine: Machine) -> HopsworksFeatureStore:
    return machine("there")


def known(store: HopsworksFeatureStore) -> dict[str, str | None]:
    return {each.user_id: each.display_name for batch in store.scan() for each in batch}


def rows(cluster: Cluster) -> list[Key]:
    return sorted(key for keys in cluster.group().row_keys() for key in keys)


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
    here.upsert([later], anew=True)
    assert not any(request.method == "POST" for request in cluster.fake.requests[asked:])


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


def test_a_write_that_failed_and_came_through_is_not_doubled_when_it_is_repeated_without_a_refresh(
    cluster: Cluster, here: HopsworksFeatureStore
):
    here.upsert([person("zoe")])
    here.refresh()
    cluster.fake.fail(COMMIT, after=True, times=20)
    cluster.fake.fail("FLIGHT do_get", status=503, times=20)
    with pytest.raises(HopsworksUnavailable):
        here.upsert([person("ann")])
    cluster.fake.mend()
    here.upsert([person("ann")])
    assert [row.user_id for row in rows(cluster)] == ["ann", "zoe"]


def test_a_process_that_dies_while_it_writes_leaves_the_next_one_to_look_first(
    cluster: Cluster, here: HopsworksFeatureStore, tmp_path: Path
):
    here.upsert([person("zoe")])
    here.refresh()
    people = cluster.people(tmp_path / "here")
    with suppress(KeyboardInterrupt), people.ledger.in_doubt():
        cluster.group().write(table_of([encoded(person("ann"))]), is_new=True)
        raise KeyboardInterrupt  # as good as dead: nothing is written down after
    here.upsert([person("ann")])
    assert [row.user_id for row in rows(cluster)] == ["ann", "zoe"]
    people.close()


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


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_write_that_is_done_though_the_answer_fails_is_not_done_twice(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore, status: int
):
    here.upsert([person("zoe")])
    cluster.fake.fail(COMMIT, status=status, after=True)
    here.upsert([person("ann"), person("bob")])
    there.refresh()
    assert [row.user_id for row in rows(cluster)] == ["ann", "bob", "zoe"]
    assert known(here) == known(there) == {"ann": "", "bob": "", "zoe": ""}


def test_a_write_that_broke_off_is_done_again(cluster: Cluster, here: HopsworksFeatureStore):
    cluster.fake.cut(COMMIT)
    here.upsert([person("ann"), person("bob")])
    assert [row.user_id for row in rows(cluster)] == ["ann", "bob"]


def test_the_very_first_write_may_break_off_too(cluster: Cluster, here: HopsworksFeatureStore):
    cluster.fake.cut(r"POST .*featuregroups$")
    cluster.fake.fail(r"POST .*featuregroups$", status=503)
    here.upsert([person("ann")])
    assert [row.user_id for row in rows(cluster)] == ["ann"]


def test_a_write_that_fails_for_good_changes_nothing_here_and_can_be_repeated(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    here.upsert([person("zoe")])
    cluster.fake.fail(COMMIT, times=20)
    cluster.fake.fail("FLIGHT do_get", status=503, times=20)
    with pytest.raises(HopsworksUnavailable):
        here.upsert([person("ann")])
    assert known(here) == {"zoe": ""}
    cluster.fake.mend()
    here.upsert([person("ann")])
    there.refresh()
    assert known(here) == known(there) == {"ann": "", "zoe": ""}
    assert [row.user_id for row in rows(cluster)] == ["ann", "zoe"]


def test_a_delete_that_fails_says_so_and_is_complete_when_repeated(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann"), person("bob")])
    cluster.fake.fail("FLIGHT do_get", status=503, times=30)
    with pytest.raises(HopsworksUnavailable):
        here.delete([UserId("ann")])
    assert here.count() == 2
    cluster.fake.mend()
    assert here.delete([UserId("ann")]) == 1
    assert [row.user_id for row in rows(cluster)] == ["bob"]


def test_a_delete_whose_answer_fails_after_it_was_done_is_done_once_more(cluster: Cluster, here: HopsworksFeatureStore):
    here.upsert([person("ann"), person("bob")])
    cluster.fake.fail(COMMIT, after=True)
    assert here.delete([UserId("ann")]) == 1
    assert [row.user_id for row in rows(cluster)] == ["bob"]


def test_a_refresh_that_breaks_off_keeps_what_it_has_and_the_next_one_goes_on(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    cluster.fake.batch_rows = 10
    here.upsert([person(f"p{number:03}") for number in range(50)])
    there.refresh()  # so that the listing is done, and the reading is what breaks off
    here.upsert([person(f"q{number:03}", minutes=1) for number in range(50)])
    told: list[int] = []

    def cut(done: int, _people: int) -> None:
        told.append(done)
        if done >= 20:
            raise StoreError("broken off")

    with pytest.raises(StoreError, match="broken off"):
        there.refresh(cut)
    assert 50 < there.count() < 100
    left: list[tuple[int, int]] = []
    there.refresh(lambda done, people: left.append((done, people)))
    assert there.count() == 100
    assert left[0] == (0, 100 - 50 - max(told))


def test_a_stream_that_is_cut_in_the_middle_loses_nothing(
    cluster: Cluster, here: HopsworksFeatureStore, there: HopsworksFeatureStore
):
    cluster.fake.batch_rows = 10
    here.upsert([person(f"p{number:03}") for number in range(50)])
    cluster.fake.cut("FLIGHT do_get", times=1)
    there.refresh()  # the listing is asked for again
    assert there.count() == 50


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


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The next append hangs before it reaches the table, until the event is set."""
    import deltalake

    real, woken, hung = deltalake.write_deltalake, threading.Event(), []

    def write(*arguments: object, **more: object) -> object:
        if more.get("mode") == "append" and not hung:
            hung.append(True)
            woken.wait(60)
        return real(*arguments, **more)

    monkeypatch.setattr(deltalake, "write_deltalake", write)
    yield woken
    woken.set()


@pytest.fixture
def impatient(
    cluster: Cluster, tmp_path: Path, here: HopsworksFeatureStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HopsworksFeatureStore]:
    """A store that gives up a write after two seconds, in a community of one."""
    here.upsert([person("zoe")])
    monkeypatch.setattr(group, "_LONG", 1.0)
    quick = Cluster(settings_of(cluster.fake, timeout_s=2.0), cluster.fake)
    quick.name = cluster.name
    store = quick.store(tmp_path / "quick")
    yield store
    store.close()
    quick.session.close()


def test_a_write_that_is_given_up_is_not_doubled_when_it_comes_through(
    cluster: Cluster, impatient: HopsworksFeatureStore, hanging: threading.Event
):
    threading.Timer(3, hanging.set).start()  # after the first try was given up, and while the second waits
    impatient.upsert([person("ann"), person("bob")])
    assert [row.user_id for row in rows(cluster)] == ["ann", "bob", "zoe"]


def test_nobody_is_said_to_be_deleted_while_a_write_of_theirs_may_come_through(
    cluster: Cluster, impatient: HopsworksFeatureStore, hanging: threading.Event
):
    with pytest.raises(HopsworksUnavailable, match="a write that was given up"):
        impatient.upsert([person("ann")])
    with pytest.raises(HopsworksUnavailable, match="a write that was given up"):
        impatient.delete([UserId("ann"), UserId("zoe")])
    assert impatient.count() == 0
    hanging.set()
    until(lambda: [row.user_id for row in rows(cluster)] == ["ann", "zoe"])
    assert impatient.delete([UserId("ann"), UserId("zoe")]) == 2
    assert rows(cluster) == []
