"""Several servers at once on one index: what one is told all of them answer by, and none is in another's way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from features.delivery import deliver_all
from features.listener import listener_of
from features.outbox import Outbox
from features.profile import UserId
from features.settled import Settled
from indexer.build import BuildOptions, build_index
from indexer.errors import IndexUnavailable
from indexer.qdrant.catalog import QdrantIndexCatalog
from retriever.app import create_app
from retriever.live import Live
from retriever.members import Members
from retriever.opening import Sources
from tests.builders import NOW, a_community
from tests.fakes.qdrant import FakeQdrant
from tests.indexer.qdrant_servers import settings_of
from tests.small_world import SETTINGS, SmallWorld, a_small_world
from tests.waiting import until

NEWCOMER = UserId("newcomer")


@dataclass
class Replica:
    """A server, without its HTTP: with an outbox and a connection of its own."""

    world: SmallWorld
    outbox: Outbox
    live: Live

    def join(self, user_id: UserId = NEWCOMER) -> None:
        listener = listener_of(a_community(1)[0].model_copy(update={"user_id": user_id}))
        (person,) = self.world.builder.build([listener], now=NOW, consent=True)
        self._members.join(person)

    def leave(self, user_id: UserId = NEWCOMER) -> None:
        self._members.forget(user_id)

    def deliver(self) -> None:
        deliver_all(self.outbox, self.world.store)

    def knows(self, user_id: UserId = NEWCOMER) -> bool:
        with self.live.lease() as unit:
            return bool(unit.index.get([user_id]))

    @property
    def _members(self) -> Members:
        return Members(self.live, self.outbox, self.world.store)


@dataclass
class Site:
    """A community, a fake Qdrant server, and whoever is connected to it."""

    world: SmallWorld
    fake: FakeQdrant
    stack: ExitStack

    def catalog(self) -> QdrantIndexCatalog:
        catalog = QdrantIndexCatalog(settings_of(qdrant_search_timeout_s=5.0), self.fake.transport())
        return self.stack.enter_context(closing(catalog))

    def publish(self) -> str:
        return build_index(self.world.store, self.world.embedder, self.catalog(), BuildOptions()).name

    def replica(self, name: str) -> Replica:
        outbox = self.stack.enter_context(closing(Outbox(self.world.folder / f"{name}.db")))
        changes, load = Settled(self.world.store, outbox), lambda _version: self.world.embedder
        live = Live(Sources(self.catalog(), changes, outbox, self.world.store.catalog, load))
        self.stack.callback(live.close)
        return Replica(self.world, outbox, live)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        site = Site(a_small_world(tmp_path), FakeQdrant(), stack)
        site.publish()
        yield site


@pytest.fixture
def pair(site: Site) -> tuple[Replica, Replica]:
    return site.replica("one"), site.replica("other")


def test_who_joins_at_one_server_is_found_at_the_other_at_once(pair: tuple[Replica, Replica]):
    one, other = pair
    one.join()
    assert other.knows()


def test_an_answer_that_one_server_has_kept_is_not_given_again_once_the_other_has_changed_it(
    pair: tuple[Replica, Replica],
):
    one, other = pair
    kept_in, seen = other.live.generation, other.live.changes
    one.join()
    one.deliver()
    other.live.follow()
    assert other.live.generation > kept_in
    assert other.live.changes > seen


def test_who_is_deleted_at_one_server_stays_gone_whatever_the_other_follows(pair: tuple[Replica, Replica]):
    one, other = pair
    one.join()
    one.deliver()
    other.live.follow()
    one.leave()
    assert not other.knows()
    one.deliver()
    for replica in (other, one, other):
        replica.live.follow()
        assert not replica.knows()


def test_the_newest_state_is_in_the_index_once_all_is_delivered_whoever_came_first(pair: tuple[Replica, Replica]):
    one, other = pair
    one.join()
    other.leave()
    one.deliver()
    other.live.follow()
    other.deliver()
    for replica in (one, other):
        replica.live.follow()
    assert not one.knows()


def test_both_servers_move_over_and_nobody_who_came_meanwhile_is_lost(site: Site, pair: tuple[Replica, Replica]):
    one, other = pair
    old = one.live.version.name
    one.join()
    fresh = site.publish()
    one.join(UserId("late"))
    one.live.follow()
    assert [one.live.version.name, other.live.version.name] == [fresh, old]
    other.join(UserId("later"))  # still on the version of before
    other.live.follow()
    for replica in (one, other):
        replica.deliver()
    for replica in (one, other):
        replica.live.follow()
        assert replica.live.version.name == fresh
        assert all(map(replica.knows, (NEWCOMER, UserId("late"), UserId("later"))))


def test_who_left_while_a_version_was_built_is_not_in_it(site: Site, pair: tuple[Replica, Replica]):
    one, _ = pair
    person = next(site.world.store.scan(batch_size=1))[0].user_id

    embedder = site.world.embedder
    left: list[UserId] = []

    class Embedder:
        version, width, text_model = embedder.version, embedder.width, embedder.text_model

        def embed(self, people):
            if not left:
                left.append(person)
                one.leave(person)
                one.deliver()
            return embedder.embed(people)

    fresh = build_index(site.world.store, Embedder(), site.catalog(), BuildOptions())
    one.live.follow()
    assert one.live.version.name == fresh.name
    assert not one.knows(person)


def test_a_server_that_was_away_is_told_of_and_answers_again_by_itself(site: Site, pair: tuple[Replica, Replica]):
    one, _ = pair
    site.fake.trouble = lambda _request: httpx.Response(503)
    for _ in range(5):
        with pytest.raises(IndexUnavailable), one.live.lease() as unit:
            unit.index.count()
    one.live.follow()
    assert "503" in one.live.trouble
    with pytest.raises(IndexUnavailable), one.live.lease():
        pass
    site.fake.trouble = lambda _request: None
    one.live.follow()
    assert one.live.trouble is None
    assert one.knows(next(site.world.store.scan(batch_size=1))[0].user_id)


def test_a_deletion_that_the_server_did_not_take_is_done_before_it_answers_again(
    site: Site, pair: tuple[Replica, Replica]
):
    one, other = pair
    one.join()
    site.fake.trouble = lambda request: httpx.Response(503) if request.url.path.endswith("/delete") else None
    one.leave()
    with pytest.raises(IndexUnavailable):
        one.knows()
    site.fake.trouble = lambda _request: None
    one.live.follow()
    assert not one.knows()
    assert not other.knows()


@pytest.fixture
def api(site: Site) -> Iterator[TestClient]:
    world = replace(site.world, catalog=site.catalog())
    quiet = SETTINGS.model_copy(update={"follow_every_s": 60.0})  # what it follows makes the answers kept void
    with TestClient(create_app(world.parts, quiet), raise_server_exceptions=False) as client:
        yield client


def similar(site: Site) -> str:
    return f"/v1/users/{next(site.world.store.scan(batch_size=1))[0].user_id}/similar"


def searches(site: Site) -> int:
    return sum(path.endswith("/query") for path in site.fake.paths("POST"))


def test_who_is_asked_about_again_is_not_searched_for_again(site: Site, api: TestClient):
    first = api.get(similar(site))
    once = searches(site)
    again = api.get(similar(site))
    assert first.status_code == again.status_code == 200
    assert again.json() == first.json()
    assert searches(site) == once > 0


def test_a_search_that_is_waited_for_holds_up_nobody_else(site: Site, api: TestClient):
    asked_the_rest = threading.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        while not asked_the_rest.is_set():
            await asyncio.sleep(0.01)
        return site.fake.served(request)

    before = searches(site)
    site.fake.trouble = lambda request: slowly(request) if request.url.path.endswith("/query") else None
    asking = threading.Thread(target=api.get, args=(similar(site),))
    asking.start()
    try:
        until(lambda: searches(site) > before)
        assert api.get("/healthz").status_code == 200
        assert asking.is_alive()
    finally:
        asked_the_rest.set()
        asking.join()


def test_while_the_server_is_away_it_is_said_when_to_come_back(site: Site, api: TestClient):
    site.fake.trouble = lambda _request: httpx.Response(503)
    refused = api.get(similar(site))
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    assert api.get("/healthz").status_code == 200
    assert api.get("/readyz").status_code == 503
    site.fake.trouble = lambda _request: None
    until(lambda: api.get(similar(site)).status_code == 200)
