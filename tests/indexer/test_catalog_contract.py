"""The contract of IndexCatalog and VersionBuilder, for every engine: build, publish, go back, prune."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexUnavailable, NoIndex
from indexer.ports import Cleared, IndexCatalog
from tests.indexer.versions import EAST, NORTH, UP, WIDTH, a_person, a_version, ids, names, sealed_as

# Building


def test_a_version_that_is_built_can_be_checked_before_anybody_sees_it(catalog: IndexCatalog):
    builder = catalog.create(7, WIDTH)
    builder.add([a_person("ann", EAST)])
    builder.add([a_person("bob", NORTH), a_person("cleo", UP)])
    index = builder.finish()

    assert index.count() == 3
    assert ids(index, NORTH, 1, exact=True) == ids(index, NORTH, 1) == ["bob"]
    assert (index.version.name, index.version.model_version, index.version.width) == ("users-v7-b1", 7, WIDTH)
    assert catalog.versions() == []
    for question in (catalog.live, lambda: catalog.open("users-v7-b1"), lambda: catalog.publish("users-v7-b1")):
        with pytest.raises(NoIndex):
            question()
    builder.abort()


def test_what_is_written_between_finish_and_seal_is_in_the_version(catalog: IndexCatalog):
    builder = catalog.create(1, WIDTH)
    builder.add([a_person("ann"), a_person("bob")])
    index = builder.finish()
    index.upsert([a_person("cleo")])
    index.delete([point_id(UserId("ann"))])
    builder.seal(sealed_as(index.version))

    opened = catalog.open(index.version.name)
    assert opened.get([UserId("ann"), UserId("bob"), UserId("cleo")]).keys() == {"bob", "cleo"}
    opened.close()


def test_a_sealed_version_can_be_opened_but_is_live_only_when_it_is_published(catalog: IndexCatalog):
    name = a_version(catalog, publish=False)
    with pytest.raises(NoIndex):
        catalog.live()
    opened = catalog.open(name)
    assert opened.count() == 1
    opened.close()
    catalog.publish(name)
    assert catalog.live().name == name


def test_the_facts_of_a_version_come_back_as_they_were_sealed(catalog: IndexCatalog):
    builder = catalog.create(12, WIDTH)
    builder.add([a_person("ann")])
    exact_to_the_microsecond = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    version = replace(
        builder.finish().version,
        count=1,
        watermark=exact_to_the_microsecond - timedelta(minutes=1),
        created_at=exact_to_the_microsecond,
        recall_at_10=0.9987,
        similarity_quantiles=(-0.25, 0.0, 1 / 3, 1.0),
        cleared=Cleared(exact_to_the_microsecond - timedelta(minutes=2), "a digest"),
    )
    builder.seal(version)
    catalog.publish(version.name)

    assert catalog.live() == version
    assert catalog.versions() == [version]
    opened = catalog.open(version.name)
    assert opened.version == version
    opened.close()


def test_a_version_is_sealed_under_its_own_name_only(catalog: IndexCatalog):
    builder = catalog.create(1, WIDTH)
    index = builder.finish()
    with pytest.raises(IndexUnavailable):
        builder.seal(replace(index.version, name="users-v1-b9"))
    assert catalog.versions() == []
    builder.seal(index.version)
    assert names(catalog) == [index.version.name]


@pytest.mark.parametrize("finished", [False, True])
def test_an_aborted_version_leaves_nothing_and_its_name_does_not_come_again(catalog: IndexCatalog, finished: bool):
    builder = catalog.create(1, WIDTH)
    builder.add([a_person("ann")])
    if finished:
        builder.finish()
    builder.abort()
    builder.abort()

    assert catalog.versions() == []
    assert a_version(catalog) == "users-v1-b2"


def test_a_sealed_version_outlives_an_abort(catalog: IndexCatalog):
    builder = catalog.create(1, WIDTH)
    version = builder.finish().version
    builder.seal(version)
    builder.abort()
    assert catalog.versions() == [version]


def test_two_versions_that_are_built_at_once_do_not_meet(catalog: IndexCatalog):
    one, other = catalog.create(1, WIDTH), catalog.create(1, WIDTH)
    one.add([a_person("ann")])
    other.add([a_person("bob"), a_person("cleo")])
    for builder in (other, one):
        builder.seal(sealed_as(builder.finish().version))

    for name, people in (("users-v1-b1", 1), ("users-v1-b2", 2)):
        opened = catalog.open(name)
        assert opened.count() == people
        opened.close()


# The alias and the set of versions


def test_before_anything_was_published_there_is_no_index(catalog: IndexCatalog):
    for question in (catalog.live, catalog.rollback, lambda: catalog.open("users-v1-b1")):
        with pytest.raises(NoIndex):
            question()
    assert catalog.versions() == []
    assert catalog.prune(1) == []


@pytest.mark.parametrize(
    "name", ["users-v1-b2", "users-v1", "", "..", "../users-v1-b1", "users-v1-b1/", "users-v1-b1\n"]
)
def test_what_is_no_version_is_neither_published_nor_opened(catalog: IndexCatalog, name: str):
    live = a_version(catalog)
    for question in (catalog.publish, catalog.open):
        with pytest.raises(NoIndex):
            question(name)
    assert catalog.live().name == live


def test_rollback_goes_back_to_the_version_before_and_twice_is_as_never(catalog: IndexCatalog):
    first, second = a_version(catalog, age=2), a_version(catalog, age=1)
    assert catalog.live().name == second
    assert catalog.rollback().name == catalog.live().name == first
    assert catalog.rollback().name == catalog.live().name == second


def test_rollback_is_to_what_was_live_and_not_to_what_is_older(catalog: IndexCatalog):
    first = a_version(catalog, age=3)
    a_version(catalog, age=2, publish=False)
    a_version(catalog, age=1)
    assert catalog.rollback().name == first


def test_the_first_version_has_none_to_go_back_to(catalog: IndexCatalog):
    live = a_version(catalog)
    with pytest.raises(NoIndex):
        catalog.rollback()
    assert catalog.live().name == live


def test_publishing_the_live_version_again_does_not_lose_the_way_back(catalog: IndexCatalog):
    first, second = a_version(catalog, age=2), a_version(catalog, age=1)
    catalog.publish(second)
    assert catalog.rollback().name == first


def test_a_version_that_was_dropped_is_none_to_go_back_to(catalog: IndexCatalog):
    a_version(catalog, age=2)
    second = a_version(catalog, age=1)
    catalog.prune(1)
    with pytest.raises(NoIndex):
        catalog.rollback()
    assert catalog.live().name == second


def test_versions_are_listed_from_the_oldest_whatever_they_are_called(catalog: IndexCatalog):
    made = [a_version(catalog, model=model, age=age) for model, age in ((10, 3), (9, 1), (2, 2))]
    assert names(catalog) == [made[0], made[2], made[1]]


def test_pruning_keeps_the_live_version_the_one_before_and_the_newest_others(catalog: IndexCatalog):
    built = [a_version(catalog, age=9 - number, publish=False) for number in range(5)]
    catalog.publish(built[1])
    catalog.publish(built[0])

    assert catalog.prune(9) == []
    assert catalog.prune(3) == [built[2], built[3]]
    assert catalog.prune(2) == [built[4]]
    assert catalog.live().name == built[0]
    assert catalog.prune(1) == [built[1]]
    assert catalog.prune(0) == []
    assert names(catalog) == [built[0]]
    with pytest.raises(NoIndex):
        catalog.open(built[1])


@pytest.mark.parametrize("keep", [1, 2])
def test_pruning_keeps_as_many_where_none_was_published(catalog: IndexCatalog, keep: int):
    built = [a_version(catalog, age=9 - number, publish=False) for number in range(3)]
    assert catalog.prune(keep) == built[:-keep]
    assert names(catalog) == built[-keep:]


def test_the_name_of_a_dropped_version_does_not_come_again(catalog: IndexCatalog):
    a_version(catalog, age=3)
    newest = a_version(catalog, age=2, publish=False)
    assert catalog.prune(1) == [newest]
    assert a_version(catalog) == "users-v1-b3"
