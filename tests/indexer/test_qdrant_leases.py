"""How long a lease lasts: as long as its process, and not for long when something went wrong with it."""

import subprocess
import sys

import httpx
import pytest

from indexer.errors import IndexInUse, IndexUnavailable
from indexer.qdrant.process import may_run, this_process
from tests.indexer.qdrant_site import Site
from tests.indexer.versions import WIDTH, a_version
from tests.waiting import until

LEASES = "/collections/users-leases/points"


def test_a_server_that_died_holds_nothing_for_long(site: Site):
    server, indexer = site.process(), site.process()
    old = a_version(indexer, publish=False)
    server.open(old)
    site.dies(server)
    assert indexer.drop(old)


def test_a_process_of_this_machine_that_died_holds_nothing(site: Site, monkeypatch: pytest.MonkeyPatch):
    server, indexer = site.process(), site.process()
    old = a_version(indexer, publish=False)
    server.open(old)
    server.create(1, WIDTH)
    monkeypatch.setattr("indexer.qdrant.process._is_running", lambda _pid: False)
    assert indexer.drop(old)
    assert indexer.create(1, WIDTH).finish().version.name == "users-v1-b2"


def test_a_hold_lasts_as_long_as_its_process(site: Site):
    server, indexer = site.process(qdrant_lease_s=3), site.process()
    old = a_version(indexer, publish=False)
    server.open(old)
    site.now += 2
    site.wait_for_a_renewal()
    site.now += 2
    assert not indexer.drop(old)


def test_a_lease_that_could_not_be_let_go_of_ends_by_itself_though_its_process_lives_on(site: Site):
    server, indexer = site.process(qdrant_lease_s=3), site.process()
    old, other = a_version(indexer, publish=False), a_version(indexer, publish=False)
    opened = server.open(old)
    kept = server.open(other)
    site.fake.trouble = lambda request: httpx.Response(503) if request.url.path == f"{LEASES}/delete" else None
    opened.close()
    site.fake.trouble = lambda _request: None
    site.wait_for_a_renewal()
    with pytest.raises(IndexInUse):
        indexer.rewrite(old, without=[])
    site.now += 2
    site.wait_for_a_renewal()  # of what is still held
    site.now += 2
    assert indexer.drop(old)
    assert not indexer.drop(other)
    kept.close()
    assert indexer.drop(other)


def test_a_lease_that_was_given_though_nobody_heard_of_it_ends_by_itself(site: Site):
    indexer = site.process(qdrant_lease_s=3, qdrant_write_timeout_s=0.3)
    name = a_version(indexer, publish=False)

    def given_unheard(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and request.url.path == LEASES and b"the catalogue" in request.content:
            site.fake.trouble = lambda _request: None
            site.fake.served(request)
            return httpx.Response(503)
        return None

    site.fake.trouble = given_unheard
    with pytest.raises(IndexUnavailable, match="503"):
        indexer.publish(name)
    indexer.open(name)  # so that there is one to be renewed
    site.now += 2
    site.wait_for_a_renewal()
    site.now += 2
    other = site.process()
    other.publish(name)
    assert other.live().name == name


@pytest.mark.parametrize("told", ["another machine", ""], ids=["another machine", "not known"])
def test_whether_a_process_runs_is_only_asked_on_the_machine_that_it_is_on(
    site: Site, told: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("indexer.qdrant.process._is_running", lambda _pid: False)
    monkeypatch.setattr("indexer.qdrant.process._machine", lambda: told)
    name = a_version(site.process(), publish=False)
    site.process().open(name)
    monkeypatch.setattr("indexer.qdrant.process._machine", lambda: told and "this machine")
    indexer = site.process()
    assert not indexer.drop(name)
    site.now += 61
    assert indexer.drop(name)


def test_no_lease_is_made_to_last_where_none_is_held(site: Site):
    indexer = site.process(qdrant_lease_s=3)
    a_version(indexer)
    before = len(site.fake.asked)
    with pytest.raises(AssertionError):
        until(lambda: len(site.fake.asked) > before, seconds=2)


def test_a_builder_is_not_taken_over_for_as_long_as_its_process_lives(site: Site):
    slow, other = site.process(qdrant_lease_s=3), site.process()
    slow.create(1, WIDTH)
    site.now += 2
    site.wait_for_a_renewal()
    site.now += 2
    assert other.create(1, WIDTH).finish().version.name == "users-v1-b2"


def test_a_process_of_this_machine_may_run_until_it_has_ended():
    assert may_run(this_process())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not may_run({**this_process(), "pid": ended.pid})
