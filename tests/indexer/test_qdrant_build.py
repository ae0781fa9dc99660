"""How a version is made on a Qdrant server, and shared by several processes."""

import asyncio
import json
from contextlib import closing

import httpx
import pytest
from pydantic import ValidationError
from qdrant_client import models

from features.identity import point_id
from features.profile import UserId
from indexer.build import whole_or_not
from indexer.errors import IndexDamaged, IndexInUse, IndexRejected, IndexUnavailable, NoIndex
from indexer.qdrant.catalog import QdrantIndexCatalog
from tests.fakes.qdrant import is_read
from tests.indexer.qdrant_servers import settings_of
from tests.indexer.qdrant_site import Site, content, finished
from tests.indexer.versions import EAST, UP, WIDTH, a_person, a_version, ids, names

FIRST = "users-v1-b1-r1"
CHANGE_OF_ALIASES = ("POST", "/collections/aliases")


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


def test_a_server_s_own_limits_for_new_collections_hold_for_none_of_these(site: Site):
    finished_with(site, "ann")
    assert {name: made.strict_mode_config.enabled for name, made in site.fake.made.items()} == {
        FIRST: False,
        "users-leases": False,
    }


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
    monkeypatch.setattr("indexer.qdrant.green.EXACT_BELOW_KB", 0)
    monkeypatch.setattr("indexer.qdrant.green._LOOK_EVERY_S", 0.01)
    builder = site.process(qdrant_green_within_s=0.01).create(1, WIDTH)
    builder.add([a_person("ann")])
    site.fake.is_unaware = True
    with pytest.raises(IndexUnavailable, match="was not built within"):
        builder.finish()
    site.fake.is_unaware = False
    assert builder.finish().count() == 1


def test_a_server_that_restarts_while_it_builds_the_graph_is_waited_for(site: Site):
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann")])
    left = [httpx.Response(503), httpx.Response(502)]
    looks = f"/collections/{FIRST}"
    site.fake.trouble = lambda request: left.pop() if left and request.url.path == looks else None
    assert builder.finish().count() == 1
    assert not left


def test_but_not_for_longer_than_an_upload_is(site: Site):
    builder = site.process(qdrant_upload_patience_s=0.2).create(1, WIDTH)
    builder.add([a_person("ann")])
    site.fake.trouble = lambda request: httpx.Response(503) if request.url.path == f"/collections/{FIRST}" else None
    with pytest.raises(IndexUnavailable, match="503"):
        builder.finish()


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


# Damage


@pytest.mark.parametrize("facts", [{}, {"facts": "{"}, {"facts": '{"format": 2}'}], ids=["none", "broken", "former"])
def test_a_version_that_cannot_be_read_is_said_so_left_out_and_dropped_by_the_next_build(
    site: Site, facts: dict[str, str], caplog: pytest.LogCaptureFixture
):
    indexer = site.process()
    old = a_version(indexer)
    site.fake._local.collections["users-v1-b1-r1"].config.metadata = facts  # local mode adds to it, and takes none away
    other = site.process()
    with pytest.raises(IndexDamaged, match=old):
        other.live()
    assert names(other) == []
    assert old in caplog.text
    new = a_version(other)
    assert other.prune(9) == [old]
    assert names(other) == [new]
    assert site.fake.names() == {f"{new}-r1", "users-leases"}


def test_what_is_live_is_not_dropped_though_it_cannot_be_read(site: Site):
    live = a_version(site.process())
    site.fake._local.collections[FIRST].config.metadata = {}
    catalog = site.process()
    newest = a_version(catalog, publish=False)
    assert catalog.prune(1) == [newest]
    with pytest.raises(IndexDamaged, match=live):
        catalog.live()


def test_who_goes_back_to_what_cannot_be_read_stays_where_they_are(site: Site):
    indexer = site.process()
    a_version(indexer)
    live = a_version(indexer)
    site.fake._local.collections["users-v1-b1-r1"].config.metadata = {}
    other = site.process()
    with pytest.raises(IndexDamaged):
        other.rollback()
    assert other.live().name == live


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
