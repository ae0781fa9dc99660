"""The contract of RewritableCatalog and VersionBuilder, for every engine: build, publish, go back, prune, rewrite."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexInUse, IndexUnavailable, NoIndex
from indexer.ports import Cleared, IndexCatalog, RewritableCatalog, UserIndex, VersionBuilder
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


def test_the_name_of_a_dropped_version_does_not_come_again(catalog: IndexCatalog):
    a_version(catalog, age=3)
    newest = a_version(catalog, age=2, publish=False)
    assert catalog.prune(1) == [newest]
    assert a_version(catalog) == "users-v1-b3"


# Rewriting


TRIO = (
    a_person("ann", EAST, source="csv", artists="Air\nMoby", artist_count=2, genre_coverage=0.25),
    a_person("bob", NORTH),
    a_person("cleo", EAST + NORTH),
)
ANN = point_id(UserId("ann"))


def rewritten(catalog: RewritableCatalog, name: str, *without: str) -> None:
    builder = catalog.rewrite(name, without=[point_id(UserId(user_id)) for user_id in without])
    builder.seal(builder.finish().version)


@contextmanager
def opened(catalog: IndexCatalog, name: str) -> Iterator[UserIndex]:
    with closing(catalog.open(name)) as index:
        yield index


def test_a_rewritten_version_answers_as_before_but_for_those_who_were_left_out(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    with opened(catalog, name) as index:
        before = index.search(EAST, 9)
        vectors = [index.get([UserId("ann"), UserId("cleo")])[UserId(who)].vector.tobytes() for who in ("ann", "cleo")]

    rewritten(catalog, name, "bob", "nobody")

    with opened(catalog, name) as index:
        assert index.search(EAST, 9) == [neighbour for neighbour in before if neighbour.user_id != "bob"]
        people = index.get([UserId("ann"), UserId("bob"), UserId("cleo")])
        assert [person.vector.tobytes() for person in people.values()] == vectors
        assert people[UserId("ann")].payload == TRIO[0].payload
        assert index.count() == 2


def test_who_was_written_and_deleted_since_the_build_is_in_a_rewritten_version_or_not(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    with opened(catalog, name) as index:
        index.upsert([a_person("dan", UP), a_person("bob", UP)])
        index.delete([ANN])

    rewritten(catalog, name)

    with opened(catalog, name) as index:
        assert ids(index, UP, 9) == ["bob", "dan", "cleo"]
        index.upsert([a_person("ann", UP)])
        index.delete([point_id(UserId("bob"))])
    with opened(catalog, name) as index:
        assert ids(index, UP, 9) == ["ann", "dan", "cleo"]


def test_rewriting_again_and_again_changes_nothing_more(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    for _ in range(3):
        rewritten(catalog, name, "ann")
        with opened(catalog, name) as index:
            assert ids(index, EAST, 9) == ["cleo", "bob"]


def test_a_version_may_be_rewritten_without_anybody(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    rewritten(catalog, name, "ann", "bob", "cleo")
    with opened(catalog, name) as index:
        assert index.count() == 0
        index.upsert([a_person("dan")])
        assert ids(index, EAST, 9) == ["dan"]


def test_a_version_that_is_rewritten_can_be_checked_and_knows_its_facts_and_who_was_copied(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    facts = catalog.live()

    builder = catalog.rewrite(name, without=[ANN])
    builder.add([a_person("dan", UP)])
    index = builder.finish()

    assert index.version == replace(facts, count=2)
    assert ids(index, UP, 1) == ["dan"]
    assert index.count() == 3
    sealed = replace(facts, count=3, recall_at_10=0.9, cleared=Cleared(facts.created_at, "some"))
    builder.seal(sealed)
    assert catalog.live() == sealed


def test_rewriting_leaves_the_alias_and_the_way_back(catalog: RewritableCatalog):
    first, second = a_version(catalog, *TRIO, age=2), a_version(catalog, *TRIO, age=1)
    for name in (first, second):
        rewritten(catalog, name, "ann")
    assert names(catalog) == [first, second]
    assert catalog.live().name == second
    assert catalog.rollback().name == first


@pytest.fixture(params=["aborted", "sealed"])
def version_and_rewriter(
    catalog: RewritableCatalog, request: pytest.FixtureRequest
) -> Iterator[tuple[str, VersionBuilder]]:
    """Somebody rewrites the only version, which is not published; it goes on after the test in two ways."""
    name = a_version(catalog, *TRIO, publish=False)
    builder = catalog.rewrite(name, without=[ANN])
    version = builder.finish().version
    yield name, builder
    if request.param == "sealed":
        builder.seal(version)
    builder.abort()
    with opened(catalog, name) as index:
        assert (index.get([UserId("ann")]) == {}) == (request.param == "sealed")
        assert index.get([UserId("bob")])
    assert catalog.drop(name)


def test_what_is_being_rewritten_is_not_in_use_but_to_be_had_by_nobody_else(
    catalog: RewritableCatalog, version_and_rewriter: tuple[str, VersionBuilder]
):
    name, _ = version_and_rewriter
    for question in (catalog.open, lambda name: catalog.rewrite(name, without=[])):
        with pytest.raises(IndexUnavailable, match="rewritten") as refused:
            question(name)
        assert not isinstance(refused.value, IndexInUse)


def test_what_is_being_rewritten_is_not_dropped(
    catalog: RewritableCatalog, version_and_rewriter: tuple[str, VersionBuilder]
):
    name, _ = version_and_rewriter
    a_version(catalog)
    assert not catalog.drop(name)
    assert catalog.prune(1) == []
    assert name in names(catalog)


def test_what_is_being_rewritten_can_be_published_and_others_built(
    catalog: RewritableCatalog, version_and_rewriter: tuple[str, VersionBuilder]
):
    name, _ = version_and_rewriter
    catalog.publish(name)
    other = a_version(catalog)
    assert catalog.rollback().name == name
    catalog.publish(other)
    catalog.publish(a_version(catalog))


def test_what_somebody_has_open_is_in_use_and_is_rewritten_afterwards(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    with opened(catalog, name) as index:
        with pytest.raises(IndexInUse):
            catalog.rewrite(name, without=[ANN])
        assert index.count() == 3
    rewritten(catalog, name, "ann")


def test_a_version_is_rewritten_under_its_own_name_only(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    builder = catalog.rewrite(name, without=[ANN])
    with pytest.raises(IndexUnavailable):
        builder.seal(replace(builder.finish().version, name="users-v1-b9"))
    builder.abort()
    builder.abort()
    with opened(catalog, name) as index:
        assert index.count() == 3


def test_a_version_that_was_rewritten_outlives_an_abort(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)
    builder = catalog.rewrite(name, without=[ANN])
    builder.seal(builder.finish().version)
    builder.abort()
    with opened(catalog, name) as index:
        assert index.count() == 2


def test_what_is_no_version_cannot_be_rewritten(catalog: RewritableCatalog):
    a_version(catalog)
    for name in ("users-v1-b2", "../users-v1-b1"):
        with pytest.raises(NoIndex):
            catalog.rewrite(name, without=[])


# Replacing and dropping


def test_a_version_takes_the_place_of_the_live_one_and_the_way_back_stays(catalog: RewritableCatalog):
    first, second = a_version(catalog, age=3), a_version(catalog, age=2)
    third = a_version(catalog, age=1, publish=False)

    assert catalog.replace(second, third)

    assert catalog.live().name == third
    assert catalog.rollback().name == first


def test_a_version_takes_the_place_of_the_only_one(catalog: RewritableCatalog):
    first, second = a_version(catalog, age=2), a_version(catalog, age=1, publish=False)
    assert catalog.replace(first, second)
    assert catalog.live().name == second
    with pytest.raises(NoIndex):
        catalog.rollback()


def test_what_is_not_live_any_more_is_not_replaced(catalog: RewritableCatalog):
    first, second = a_version(catalog, age=3), a_version(catalog, age=2)
    third = a_version(catalog, age=1, publish=False)
    assert not catalog.replace(first, third)
    assert catalog.live().name == second


def test_nothing_is_replaced_before_something_was_published_or_by_what_is_no_version(catalog: RewritableCatalog):
    first = a_version(catalog, publish=False)
    assert not catalog.replace(first, first)
    with pytest.raises(NoIndex):
        catalog.live()
    catalog.publish(first)
    with pytest.raises(NoIndex):
        catalog.replace(first, "users-v1-b2")
    assert catalog.live().name == first


def test_a_version_that_nobody_needs_can_be_dropped(catalog: RewritableCatalog):
    versions = [a_version(catalog, age=9 - number) for number in range(3)]
    assert [catalog.drop(name) for name in versions] == [True, False, False]
    assert names(catalog) == versions[1:]
    assert catalog.drop(versions[0])
    assert catalog.drop("users-v9-b9")
    assert a_version(catalog) == "users-v1-b4"


def test_a_version_that_somebody_has_open_is_not_dropped(catalog: RewritableCatalog):
    name = a_version(catalog, publish=False)
    with opened(catalog, name):
        assert not catalog.drop(name)
    assert names(catalog) == [name]
    assert catalog.drop(name)
    assert names(catalog) == []
