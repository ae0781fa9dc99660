"""The contract of RewritableCatalog, for every engine: rewrite a version without some people, replace it, drop it."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from features.errors import StoreError
from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexInUse, IndexUnavailable, NoIndex
from indexer.ports import Cleared, IndexCatalog, RewritableCatalog, UserIndex, VersionBuilder
from tests.indexer.versions import EAST, NORTH, UP, a_person, a_version, ids, names

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


def test_whom_the_others_contents_tell_to_be_outdated_is_left_out_too(catalog: RewritableCatalog):
    people = [a_person(name, content=f"state of {name}") for name in ("ann", "bob", "cleo")]
    name = a_version(catalog, *people, a_person("dan"))
    told: dict[str, str] = {}

    def outdated(contents: Mapping[UserId, str]) -> list[UserId]:
        told.update(contents)
        return [UserId("bob"), UserId("nobody")]

    builder = catalog.rewrite(name, without=[ANN], outdated=outdated)
    version = builder.finish().version
    builder.seal(version)

    assert told == {"bob": "state of bob", "cleo": "state of cleo", "dan": ""}
    assert version.count == 2
    with opened(catalog, name) as index:
        assert ids(index, EAST, 9) == ["cleo", "dan"]


def test_a_version_is_as_it_was_where_it_cannot_be_told_who_is_outdated(catalog: RewritableCatalog):
    name = a_version(catalog, *TRIO)

    def outdated(_contents: Mapping[UserId, str]) -> list[UserId]:
        raise StoreError("The feature store is away.")

    with pytest.raises(StoreError, match="away"):
        catalog.rewrite(name, without=[ANN], outdated=outdated)
    with opened(catalog, name) as index:
        assert index.count() == 3


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
