"""How a build on a Qdrant server goes on where another was broken off, and whose writes win."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexUnavailable
from indexer.ports import NEVER_CLEARED, Cleared
from indexer.tombstones import holds_deleted
from tests.builders import NOW
from tests.indexer.erasing import GONE, Home, everybody
from tests.indexer.qdrant_site import Site, content, finished
from tests.indexer.versions import EAST, NORTH, UP, WIDTH, a_person, a_version, ids, names, sealed_as


def test_the_next_process_goes_on_where_one_that_died_stopped(site: Site):
    first = site.process()
    builder = first.create(1, WIDTH)
    builder.add([a_person("ann", EAST, **content("ann")), a_person("bob", NORTH, **content("bob"))])
    builder.finish()
    site.dies(first)

    builder = site.process().create(1, WIDTH)
    nearly = EAST + np.float32(1e-7) * UP  # as in a batch of another size
    people = [(who, nearly if who == "ann" else NORTH) for who in ("ann", "bob", "cleo")]
    assert builder.add([a_person(who, vector, **content(who)) for who, vector in people]) == 1
    index = builder.finish()
    assert index.version.name == "users-v1-b1"
    assert index.count() == 3


def test_a_vector_of_another_model_that_bore_the_same_number_is_written_again(site: Site):
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann", EAST, **content("ann"))])
    builder.pause()

    builder = site.process().create(1, WIDTH)
    assert builder.add([a_person("ann", NORTH, **content("ann"))]) == 1
    assert builder.finish().get([UserId("ann")])[UserId("ann")].vector.tolist() == NORTH.tolist()


def test_what_was_broken_off_while_it_was_made_is_made_to_its_end(site: Site):
    def second_index(request: httpx.Request) -> httpx.Response | None:
        is_it = request.url.path.endswith("/index") and len(site.fake.indexed.get("users-v1-b1-r1", {})) == 1
        return httpx.Response(503) if is_it else None

    site.fake.trouble = second_index
    with pytest.raises(IndexUnavailable):
        site.process().create(1, WIDTH)
    site.fake.trouble = lambda _request: None
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann")])
    assert finished(builder) == "users-v1-b1"
    assert site.fake.indexed["users-v1-b1-r1"].keys() == {"source", "artist_count", "updated"}


def test_a_collection_whose_making_was_asked_for_twice_is_there_once(site: Site):
    def answer_is_lost(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and request.url.path == "/collections/users-v1-b1-r1":
            site.fake.trouble = lambda _request: None
            site.fake.served(request)
            raise httpx.ReadError("cut")
        return None

    site.fake.trouble = answer_is_lost
    builder = site.process().create(1, WIDTH)
    builder.add([a_person("ann")])
    assert finished(builder) == "users-v1-b1"


def test_a_version_that_was_gone_on_with_is_never_said_to_be_free_of_the_bytes_of_who_left(site: Site):
    first, cleared = site.process(), Cleared(NOW, "")
    builder = first.create(1, WIDTH)
    builder.add([a_person("ann"), a_person("gone")])
    builder.pause()
    builder = first.create(1, WIDTH)
    builder.add([a_person("ann")])
    builder.seal(replace(sealed_as(builder.finish().version), cleared=cleared))
    assert [version.cleared for version in first.versions()] == [NEVER_CLEARED]

    builder = first.create(1, WIDTH)
    builder.seal(replace(sealed_as(builder.finish().version), cleared=cleared))
    assert [version.cleared for version in first.versions() if version.name.endswith("b2")] == [cleared]


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


def test_what_readers_follow_leads_to_the_rewritten_collection_first(site: Site):
    catalog = site.process()
    name = a_version(catalog, a_person("ann"), a_person("bob"))
    builder = catalog.rewrite(name, without=[point_id(UserId("ann"))])
    before = len(site.fake.asked)
    builder.seal(builder.finish().version)
    (labels,) = [
        json.loads(each.content) for each in site.fake.asked[before:] if each.url.path == "/collections/aliases"
    ]
    assert [each["create_alias"]["alias_name"] for each in labels["actions"]] == ["users", name]


def test_an_erasing_that_goes_on_where_a_build_was_broken_off_frees_that_of_who_left_too(site: Site, tmp_path: Path):
    home, server, other = Home(tmp_path), site.process(), site.process()
    home.catalog = site.process()
    home.store.upsert(everybody())
    live = home.publish()
    broken = other.create(3, home.embedder.width)
    broken.add([a_person(GONE, np.eye(home.embedder.width)[0])])
    home.delete(7)

    def breaks_off(what: str) -> None:
        if what.startswith("building a version in place"):
            broken.pause()

    with closing(server.open(live)):
        done = home.erase(say=breaks_off)
    assert (done.built, done.rewritten) == (("users-v3-b2",), ("users-v3-b2",))
    assert home.catalog.live().name == "users-v3-b2"
    assert not holds_deleted(home.catalog.live(), home.store)
    assert "users-v3-b2-r1" not in site.fake.names()
