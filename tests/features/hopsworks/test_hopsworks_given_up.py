"""A write that was given up and may still come through: nobody is doubled, or said to be deleted, meanwhile."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import HopsworksUnavailable
from features.hopsworks import group
from features.hopsworks.store import HopsworksFeatureStore
from features.profile import UserId
from tests.cluster import Cluster, settings_of
from tests.features.hopsworks.machines import person, rows
from tests.waiting import until


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
