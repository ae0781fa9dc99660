"""Writes, deletes and refreshes that break off, or whose answer does: nothing is lost, nothing is doubled."""

from contextlib import suppress
from pathlib import Path

import pytest

from features.errors import HopsworksUnavailable, StoreError
from features.hopsworks.store import HopsworksFeatureStore
from features.profile import UserId
from features.tables.frames import encoded, table_of
from tests.cluster import Cluster
from tests.features.hopsworks.machines import COMMIT, known, person, rows


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
