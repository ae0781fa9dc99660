"""How a version is made on a Qdrant server, gone on with by the next process, and shared by several."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest
from pydantic import ValidationError
from qdrant_client import models

from features.identity import point_id
from features.profile import UserId
from indexer.build import whole_or_not
from indexer.errors import IndexInUse, IndexRejected, IndexUnavailable, NoIndex
from indexer.ports import VersionBuilder
from indexer.qdrant.catalog import QdrantIndexCatalog
from tests.fakes.qdrant import FakeQdrant, is_read
from tests.indexer.qdrant_servers import settings_of
from tests.indexer.versions import EAST, NORTH, UP, WIDTH, a_person, a_version, ids, names, sealed_as
from tests.waiting import until

FIRST = "users-v1-b1-r1"
CHANGE_OF_ALIASES = ("POST", "/collections/aliases")


@dataclass
class Site:
    """A server, the time, and the processes that share it; each of them has a catalogue of its own."""

    fake: FakeQdrant
    processes: list[QdrantIndexCatalog]
    now: float = 1_000_000.0

    def process(self, **settings: object) -> QdrantIndexCatalog:
        catalog = QdrantIndexCatalog(settings_of(**settings), self.fake.transport(), lambda: self.now)
        self.processes.append(catalog)
        return catalog

    def dies(self, catalog: QdrantIndexCatalog) -> None:
        """Without a word; its leases are over some time later."""
        catalog.close()
        self.now += 61

    def wait_for_a_renewal(self) -> None:
        before = len(self.fake.asked)
        until(lambda: sum(request.url.path.endswith("/payload") for request in self.fake.asked[before:]) > 1)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(FakeQdrant(), [])
    yield site
    for catalog in site.processes:
        catalog.close()
    site.fake.close()


def content(user_id: str, of: str = "") -> dict[str, str]:
    return {"content": of or f"of {user_id}", "source": "test"}


def finished(builder: VersionBuilder) -> str:
    version = sealed_as(builder.finish().version)
    builder.seal(version)
    return version.name


# Making


def test_a_collection_is_made_as_the_settings_say(site: Site):
    told = {"qdrant_shards": 6, "qdrant_replicas": 2, "qdrant_write_consistency": 2, "hnsw_m": 24}
    on_disk = {"qdrant_vectors_on_disk": True, "qdrant_graph_on_disk": True}
    site.process(**told, **on_disk, hnsw_ef_construct=200).create(1, WIDTH)
    made = site.fake.made[FIRST]

    assert (made.shard_number, made.replication_factor, made.write_consistency_factor) == (6, 2, 2)
    assert (made.vectors.size, made.vectors.memory) == (WIDTH, models.Memory.COLD)
    assert (made.hnsw_config.m, made.hnsw_config.ef_construct) == (24, 200)
    assert made.hnsw_config.memory == models.Memory.COLD
    assert made.quantization_config.scalar.type == models.ScalarType.INT8
    assert made.payload.memory == models.Memory.COLD


def test_by_default_vectors_and_graph_are_cached_and_names_lie_on_disk(site: Site):
    site.process().create(1, WIDTH)
    made = site.fake.made[FIRST]
    assert made.vectors.memory == made.hnsw_config.memory == models.Memory.CACHED
    assert made.payload.memory == models.Memory.COLD
    assert (made.shard_number, made.replication_factor) == (1, 1)


def test_without_quantization_there_is_none(site: Site):
    site.process(qdrant_quantization="none", qdrant_payload_on_disk=False).create(1, WIDTH)
    assert site.fake.made[FIRST].quantization_config is None
    assert site.fake.made[FIRST].payload.memory == models.Memory.CACHED


def test_what_searches_are_narrowed_by_is_indexed_before_anybody_is_in(site: Site):
    finished_with(site, "ann", "bob")
    assert site.fake.indexed[FIRST] == {"source": 0, "artist_count": 0, "updated": 0}


def finished_with(site: Site, *people: str) -> QdrantIndexCatalog:
    catalog = site.process()
    builder = catalog.create(1, WIDTH)
    builder.add([a_person(person) for person in people])
    finished(builder)
    return catalog


@pytest.mark.parametrize("is_strict", [True, False])
def test_a_finished_collection_refuses_what_would_load_the_server_too_much(site: Site, is_strict: bool):
    a_version(site.process(qdrant_strict=is_strict))
    strict = [change.strict_mode_config for change in site.fake.changed[FIRST]][-1]
    assert strict.enabled is is_strict
    assert (strict.unindexed_filtering_retrieve, strict.unindexed_filtering_update) == (False, False)
    settings_of(hnsw_ef=strict.search_max_hnsw_ef, oversampling=strict.search_max_oversampling)  # all that is allowed
    settings_of(qdrant_search_timeout_s=strict.max_timeout)
    for too_much in ({"hnsw_ef": strict.search_max_hnsw_ef + 1}, {"qdrant_search_timeout_s": strict.max_timeout + 1}):
        with pytest.raises(ValidationError):
            settings_of(**too_much)


def test_the_facts_can_be_read_on_the_server_and_the_alias_leads_to_them(site: Site):
    a_version(site.process(), a_person("ann"))
    facts = site.fake.info("users").config.metadata
    assert (facts["model_version"], facts["people"]) == (1, 1)


def test_the_live_version_is_switched_by_one_request(site: Site):
    catalog = site.process()
    a_version(catalog)
    second = a_version(catalog, publish=False)
    before = len(site.fake.asked)
    catalog.publish(second)
    (change,) = [each for each in site.fake.asked[before:] if (each.method, each.url.path) == CHANGE_OF_ALIASES]
    # None is deleted, so that it leads somewhere at any moment; and what readers follow comes first.
    assert json.loads(change.content)["actions"] == [
        {"create_alias": {"collection_name": "users-v1-b2-r1", "alias_name": "users"}},
        {"create_alias": {"collection_name": FIRST, "alias_name": "users-previous"}},
    ]


def test_a_collection_that_the_server_cannot_build_is_rejected(site: Site):
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann")])
    site.fake.status = models.CollectionStatus.RED
    with pytest.raises(IndexRejected, match="cannot build"):
        builder.finish()


def test_a_graph_that_takes_too_long_keeps_what_was_uploaded_for_the_next_build(site: Site):
    builder, people = site.process(qdrant_green_within_s=0.01).create(1, WIDTH), [a_person("ann", **content("ann"))]
    site.fake.status = models.CollectionStatus.YELLOW

    def build() -> None:
        with whole_or_not(builder):
            builder.add(people)
            builder.finish()

    with pytest.raises(IndexUnavailable) as late:
        build()
    assert "SOUNDALIKE_QDRANT_GREEN_WITHIN_S" in late.value.mend

    site.fake.status = models.CollectionStatus.GREEN
    again = site.process().create(1, WIDTH)
    assert again.add(people) == 0  # nobody is uploaded twice
    assert again.finish().count() == 1


def test_a_server_that_is_green_as_it_has_not_noticed_yet_is_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("indexer.qdrant.making._EXACT_BELOW_KB", 0)
    monkeypatch.setattr("indexer.qdrant.making._LOOK_EVERY_S", 0.01)
    builder = site.process(qdrant_green_within_s=0.01).create(1, WIDTH)
    builder.add([a_person("ann")])
    site.fake.is_unaware = True
    with pytest.raises(IndexUnavailable, match="was not built within"):
        builder.finish()
    site.fake.is_unaware = False
    assert builder.finish().count() == 1


def test_a_server_that_waits_for_a_word_after_a_restart_is_given_it(site: Site):
    builder = site.process().create(1, WIDTH)
    site.fake.status = models.CollectionStatus.GREY
    site.fake.on_change = lambda: setattr(site.fake, "status", models.CollectionStatus.GREEN)
    assert builder.finish().count() == 0


def test_a_server_that_is_busy_after_a_build_may_take_its_time_to_be_proven(site: Site):
    builder = site.process(qdrant_search_timeout_s=0.05).create(1, WIDTH)
    builder.add([a_person("ann")])
    index = builder.finish()

    async def slowly(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.2)
        return site.fake.served(request)

    site.fake.trouble = slowly
    assert ids(index, EAST, 1, exact=True) == ["ann"]
    site.fake.trouble = lambda _request: None


# Going on


def test_the_next_process_goes_on_where_one_that_died_stopped(site: Site):
    first = site.process()
    builder = first.create(1, WIDTH)
    builder.add([a_person("ann", EAST, **content("ann")), a_person("bob", NORTH, **content("bob"))])
    builder.finish()
    site.dies(first)

    builder = site.process().create(1, WIDTH)
    people = [a_person(who, EAST, **content(who)) for who in ("ann", "bob", "cleo")]
    assert builder.add(people) == 1
    index = builder.finish()
    assert index.version.name == "users-v1-b1"
    assert index.get([UserId("bob")])[UserId("bob")].vector.tolist() == NORTH.tolist()  # it was not written again
    assert index.count() == 3


def test_who_changed_or_left_meanwhile_is_as_they_are_now(site: Site):
    first = site.process()
    builder = first.create(1, WIDTH)
    builder.add([a_person(who, EAST, **content(who)) for who in ("ann", "bob", "gone")])
    builder.pause()

    builder = site.process().create(1, WIDTH)
    assert builder.add([a_person("ann", **content("ann")), a_person("bob", UP, **content("bob", "new"))]) == 1
    index = builder.finish()
    assert ids(index, UP, 9) == ["bob", "ann"]


def test_what_a_builder_is_at_work_on_is_left_to_it(site: Site):
    one, other = site.process(), site.process()
    first = one.create(1, WIDTH)
    first.add([a_person("ann")])
    assert other.create(1, WIDTH).finish().version.name == "users-v1-b2"
    assert other.prune(1) == []
    assert finished(first) == "users-v1-b1"


@pytest.mark.parametrize(
    ("model", "width", "settings"),
    [(2, WIDTH, {}), (1, WIDTH + 1, {}), (1, WIDTH, {"hnsw_m": 32}), (1, WIDTH, {"qdrant_shards": 2})],
    ids=["another model", "another width", "another graph", "more shards"],
)
def test_what_cannot_be_gone_on_with_is_swept_away(site: Site, model: int, width: int, settings: dict[str, int]):
    ann = [a_person("ann", [1] * width, **content("ann"))]
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann", **content("ann"))])
    builder.pause()

    builder = site.process(**settings).create(model, width)
    assert builder.add(ann) == 1
    assert site.fake.names() == {f"{builder.finish().version.name}-r1", "users-leases"}
    assert "users-v1-b1-r1" not in site.fake.names()


def test_a_batch_that_comes_late_does_not_undo_what_was_written_after_it(site: Site):
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann", EAST)])
    index = builder.finish()
    index.upsert([a_person("ann", UP)])
    builder.add([a_person("ann", EAST)])  # as it is sent again where an answer was lost
    builder.finish()
    assert index.get([UserId("ann")])[UserId("ann")].vector.tolist() == UP.tolist()


def test_nor_does_one_of_a_builder_that_goes_on_where_another_died(site: Site):
    first = site.process()
    former = first.create(1, WIDTH)
    former.add([a_person("ann", EAST, **content("ann"))])
    former.pause()

    builder = site.process().create(1, WIDTH)
    changed = [a_person("ann", NORTH, **content("ann", "changed"))]
    assert builder.add(changed) == 1
    index = builder.finish()
    assert index.get([UserId("ann")])[UserId("ann")].vector.tolist() == NORTH.tolist()
    index.upsert([a_person("ann", UP, **content("ann", "changed again"))])
    builder.add(changed)  # as it is sent again where an answer was lost
    builder.finish()
    assert index.get([UserId("ann")])[UserId("ann")].vector.tolist() == UP.tolist()


def test_what_a_builder_that_died_had_sent_gives_way_though_it_comes_late(site: Site):
    former = site.process().create(1, WIDTH)
    former.pause()
    builder = site.process().create(1, WIDTH)
    old, new = a_person("ann", EAST, **content("ann", "old")), a_person("ann", NORTH, **content("ann", "new"))

    def it_arrives_now(request: httpx.Request) -> None:
        if request.method == "PUT":
            site.fake.trouble = lambda _request: None
            former.add([old])
            former._adding.drain()

    site.fake.trouble = it_arrives_now  # after the builder has seen that ann is not there, before it has written her
    assert builder.add([new]) == 1
    index = builder.finish()
    former.add([old])  # and once more
    former._adding.drain()
    assert index.get([UserId("ann")])[UserId("ann")].vector.tolist() == NORTH.tolist()


def test_nor_is_what_a_builder_caught_up_with_kept_by_the_next_one_that_goes_on(site: Site):
    first = site.process()
    former = first.create(1, WIDTH)
    former.add([a_person("ann", EAST, **content("ann"))])
    caught_up = former.finish()
    caught_up.upsert([a_person("ann", NORTH, **content("ann", "caught up"))])
    caught_up.upsert([a_person("ann", NORTH, **content("ann", "caught up again"))])
    assert caught_up.get(["ann"])["ann"].payload["content"] == "caught up again"
    site.dies(first)

    builder = site.process().create(1, WIDTH)
    assert builder.add([a_person("ann", UP, **content("ann", "new"))]) == 1
    index = builder.finish()
    assert index.get([UserId("ann")])[UserId("ann")].vector.tolist() == UP.tolist()


def test_builders_are_numbered_upwards_even_where_somebody_has_deleted_the_leases(site: Site):
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann", EAST, **content("ann"))])
    builder.pause()
    site.fake._local.delete_collection("users-leases")
    site.now += 61

    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann", UP, **content("ann", "new"))])
    assert ids(builder.finish(), UP, 1) == ["ann"]
    assert builder.finish().get([UserId("ann")])[UserId("ann")].vector.tolist() == UP.tolist()


def test_a_builder_that_stood_still_until_another_took_over_does_no_harm(site: Site):
    sleeper = site.process(qdrant_lease_s=3600)
    sleeper.create(1, WIDTH).pause()
    former = sleeper.create(1, WIDTH)
    former.add([a_person("ann", **content("ann"))])
    site.now += 3601
    catalog = site.process()
    builder = catalog.create(1, WIDTH)
    builder.add([a_person("ann", **content("ann")), a_person("bob", **content("bob"))])
    version = builder.finish().version

    for wakes in (former.finish, lambda: former.seal(version)):
        with pytest.raises(IndexUnavailable, match="taken over"):
            wakes()
    former.abort()
    catalog.publish(finished(builder))
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="taken over"):
            former.finish()
        former.abort()
    assert catalog.open(catalog.live().name).count() == 2


def test_a_version_that_was_finished_and_never_labelled_is_gone_on_with(site: Site):
    slow = {"qdrant_admin_timeout_s": 120.0}
    first = site.process(**slow)
    builder = first.create(1, WIDTH)
    builder.add([a_person("ann", EAST, **content("ann"))])
    index = builder.finish()
    site.fake.trouble = lambda request: httpx.Response(504) if request.url.path == "/collections/aliases" else None
    with pytest.raises(IndexUnavailable):
        builder.seal(sealed_as(index.version))
    site.fake.trouble = lambda _request: None
    site.dies(first)

    builder = site.process(**slow).create(1, WIDTH)
    assert builder.add([a_person("ann", EAST, **content("ann"))]) == 0
    assert ids(builder.finish(), EAST, 1, exact=True) == ["ann"]  # it may ask for as long as it takes
    assert finished(builder) == "users-v1-b1"


def test_nobody_sees_who_wrote_a_person(site: Site):
    catalog = site.process()
    index = catalog.open(a_version(catalog, a_person("ann", EAST, source="csv")))
    seen = [index.get(["ann"])["ann"].payload, index.search(EAST, 1)[0].payload, index.near("ann", 1)[0]]
    seen += [person.payload for some in index.walk(None) for person in some]
    assert seen == [{"source": "csv"}] * 4


# Several replicas


def test_writes_to_the_same_point_are_ordered_and_no_certain_node_is_needed(site: Site):
    catalog = site.process(qdrant_replicas=3, qdrant_write_consistency=2)
    name = a_version(catalog, publish=False)
    before = len(site.fake.asked)
    with closing(catalog.open(name)) as index:
        index.upsert([a_person("bob", UP)])
        index.delete([point_id(UserId("bob"))])
    catalog.drop(name)
    catalog.prune(1)
    writes = [each for each in site.fake.asked[before:] if "points" in each.url.path and not is_read(each)]
    assert {each.url.params.get("ordering") for each in writes} == {"medium"}
    assert site.fake.made["users-leases"].write_consistency_factor == 2


def test_what_an_eraser_that_died_had_begun_is_swept_away_and_the_version_stays(site: Site):
    first = site.process()
    name = a_version(first, a_person("ann"), a_person("bob"), publish=False)
    first.rewrite(name, without=[point_id(UserId("ann"))])
    site.dies(first)
    second = site.process()
    assert second.create(1, WIDTH).finish().version.name == "users-v1-b2"
    assert "users-v1-b1-r2" not in site.fake.names()
    assert second.open(name).count() == 2


def test_a_version_that_was_rewritten_lies_in_another_collection_and_the_former_is_gone(site: Site):
    catalog = site.process()
    name = a_version(catalog, a_person("ann"), a_person("bob"))
    builder = catalog.rewrite(name, without=[point_id(UserId("ann"))])
    builder.seal(builder.finish().version)
    assert site.fake.names() == {"users-v1-b1-r2", "users-leases"}
    assert names(catalog) == [name]


# Several processes


def test_a_version_is_open_in_several_processes_at_once_and_each_sees_what_the_others_write(site: Site):
    one, other = site.process(), site.process()
    name = a_version(one)
    here, there = one.open(name), other.open(name)
    here.upsert([a_person("bob", UP)])
    assert ids(there, UP, 1) == ["bob"]
    there.delete([point_id(UserId("bob"))])
    assert here.count() == 1
    assert here.is_shared


def test_a_version_that_another_process_has_open_is_neither_dropped_nor_rewritten(site: Site):
    server, indexer = site.process(), site.process()
    old, new = a_version(indexer), a_version(indexer)
    opened = server.open(old)
    indexer.publish(a_version(indexer))
    assert new != old
    assert not indexer.drop(old)
    with pytest.raises(IndexInUse):
        indexer.rewrite(old, without=[])
    opened.close()
    assert indexer.drop(old)
    with pytest.raises(NoIndex):
        server.open(old)


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
    monkeypatch.setattr("indexer.qdrant.leases._is_running", lambda _pid: False)
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


def test_one_process_at_a_time_changes_what_is_live(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("indexer.qdrant.catalog._PATIENCE_S", 0.05)
    one, other = site.process(), site.process()
    name = a_version(one)
    with one._changing(), pytest.raises(IndexUnavailable, match="too long"):
        other.publish(name)
    other.publish(name)


def test_communities_with_names_of_their_own_do_not_meet(site: Site):
    processes = [site.process(qdrant_prefix=prefix) for prefix in ("", "one-", "two-")]
    with pytest.raises(NoIndex):
        processes[0].live()
    for model, process in enumerate(processes, 1):
        a_version(process, model=model)
        a_version(process, model=model)
    for model, process in enumerate(processes, 1):
        assert names(process) == [f"users-v{model}-b1", f"users-v{model}-b2"]
        assert process.live().name == f"users-v{model}-b2"
        assert process.prune(1) == [f"users-v{model}-b1"]
