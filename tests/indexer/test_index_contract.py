"""The contract of IndexCatalog, VersionBuilder and UserIndex: another engine joins by a line in ``CATALOGS``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.identity import point_id
from features.profile import UserId
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.errors import BadVector, IndexUnavailable, NoIndex
from indexer.ports import IndexCatalog, IndexVersion, PersonVector, UserIndex
from indexer.settings import IndexSettings
from tests.builders import NOW
from tests.fake_index import MemoryIndexCatalog

CATALOGS: dict[str, Callable[[Path], IndexCatalog]] = {
    "edge": lambda folder: EdgeIndexCatalog(folder / "index", IndexSettings()),
    "memory": lambda folder: MemoryIndexCatalog(),
}
WIDTH = 4
EAST, NORTH, UP = np.eye(WIDTH, dtype=np.float32)[:3]


@pytest.fixture(params=CATALOGS)
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> IndexCatalog:
    return CATALOGS[request.param](tmp_path)


@pytest.fixture
def index(catalog: IndexCatalog) -> Iterator[UserIndex]:
    """Ann in the east, Bob in the north, Cleo between them."""
    name = a_version(catalog, a_person("ann", EAST), a_person("bob", NORTH), a_person("cleo", EAST + NORTH))
    opened = catalog.open(name)
    yield opened
    opened.close()


def a_person(user_id: str, vector: Sequence[float] | np.ndarray = EAST, **payload: str) -> PersonVector:
    return PersonVector(UserId(user_id), np.asarray(vector, np.float32), payload or {"source": "test"})


def a_version(catalog: IndexCatalog, *people: PersonVector, model: int = 1, age: int = 0, publish: bool = True) -> str:
    builder = catalog.create(model, WIDTH)
    builder.add(people or [a_person("ann")])
    version = sealed_as(builder.finish().version, age)
    builder.seal(version)
    if publish:
        catalog.publish(version.name)
    return version.name


def sealed_as(version: IndexVersion, age: int = 0) -> IndexVersion:
    """The facts of a version that was made ``age`` minutes ago."""
    made = NOW - timedelta(minutes=age)
    return replace(version, count=1, watermark=made - timedelta(seconds=1), created_at=made, recall_at_10=0.99)


def names(catalog: IndexCatalog) -> list[str]:
    return [version.name for version in catalog.versions()]


def ids(index: UserIndex, vector: np.ndarray, limit: int, **more: Any) -> list[str]:
    return [neighbour.user_id for neighbour in index.search(vector, limit, **more)]


# Searching


def test_who_is_near_somebody_in_the_index_comes_with_that_persons_payload(index: UserIndex):
    index.upsert([a_person("dan", -EAST, source="csv")])
    payload, found = index.near("dan", 2)
    assert payload == {"source": "csv"}
    assert found == index.search(-EAST, 2, exclude=["dan"])


def test_nobody_is_near_somebody_unknown(index: UserIndex):
    assert index.near("nobody", 3) is None


@pytest.mark.parametrize("limit", [1, 5, 49, 60])
def test_one_of_many_equals_is_told_from_the_others_however_few_are_asked_for(index: UserIndex, limit: int):
    twins = [f"twin-{number:02}" for number in range(50)]
    index.upsert([a_person(user_id, UP, artists=user_id) for user_id in twins])
    for me in (twins[0], twins[25], twins[-1]):
        payload, found = index.near(me, limit)
        assert payload["artists"] == me
        assert found == index.search(UP, limit, exclude=[me])


def test_the_most_similar_come_first_with_their_cosine_and_payload(index: UserIndex):
    index.upsert([a_person("dan", -EAST, source="csv", artists="Air\nMoby")])
    found = index.search(EAST, 4)
    assert [neighbour.user_id for neighbour in found] == ["ann", "cleo", "bob", "dan"]
    assert [neighbour.similarity for neighbour in found] == pytest.approx([1, 0.5**0.5, 0, -1], abs=1e-6)
    assert all(-1 <= neighbour.similarity <= 1 for neighbour in found)
    assert [neighbour.payload for neighbour in found][2:] == [
        {"source": "test"},
        {"source": "csv", "artists": "Air\nMoby"},
    ]


def test_the_length_of_the_vector_that_is_searched_for_does_not_matter(index: UserIndex):
    assert index.search(EAST * 1e-20, 3) == index.search(EAST, 3) == index.search(EAST * 1e20, 3)


def test_a_limit_beyond_everybody_finds_everybody_and_none_finds_nobody(index: UserIndex):
    assert ids(index, EAST, 100) == ["ann", "cleo", "bob"]
    assert ids(index, EAST, 1) == ["ann"]
    assert ids(index, EAST, 0) == []


def test_who_is_excluded_is_not_found_and_the_next_move_up(index: UserIndex):
    assert ids(index, EAST, 2, exclude=["ann"]) == ["cleo", "bob"]
    assert ids(index, EAST, 2, exclude=["nobody", "cleo", "cleo"]) == ["ann", "bob"]
    assert ids(index, EAST, 2, exclude=["ann", "bob", "cleo"]) == []


def test_many_may_be_excluded(index: UserIndex):
    index.upsert([a_person(f"twin-{number:02}", EAST) for number in range(40)])
    barred = ["ann", *(f"twin-{number:02}" for number in range(38))]
    assert ids(index, EAST, 3, exclude=barred) == ["twin-38", "twin-39", "cleo"]


@pytest.mark.parametrize("exact", [False, True], ids=["approximate", "exact"])
@pytest.mark.parametrize("excluded", [0, 3, 30])
def test_equals_are_told_apart_by_user_id_even_at_the_last_place(index: UserIndex, exact: bool, excluded: int):
    twins = [f"twin-{number:02}" for number in range(50)]
    index.upsert([a_person(user_id, UP) for user_id in reversed(twins)])
    found = ids(index, UP, 5, exclude=twins[:excluded], exact=exact)
    assert found == twins[excluded : excluded + 5]


@pytest.fixture(scope="module", params=CATALOGS)
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserIndex]:
    """Everybody on a coarse grid, so that many are equal; a third of them came after the graph was built."""
    catalog = CATALOGS[request.param](tmp_path_factory.mktemp("crowd"))
    people = crowd_people()
    opened = catalog.open(a_version(catalog, *people[:60]))
    opened.upsert(people[60:])
    yield opened
    opened.close()


def crowd_people() -> list[PersonVector]:
    grid = np.random.default_rng(0).integers(-1, 2, size=(90, WIDTH))
    grid[~grid.any(axis=1)] = 1
    return [a_person(f"p-{number:02}", row) for number, row in enumerate(grid)]


@given(
    vector=st.lists(st.integers(-9, 9), min_size=WIDTH, max_size=WIDTH).filter(any),
    limit=st.integers(0, 100),
    excluded=st.sets(st.integers(0, 89), max_size=40),
    exact=st.booleans(),
)
def test_any_search_answers_as_comparing_with_everybody_would(
    crowd: UserIndex, vector: list[int], limit: int, excluded: set[int], exact: bool
):
    exclude = [UserId(f"p-{number:02}") for number in excluded]
    query = np.asarray(vector, np.float32)
    cosines = {
        person.user_id: float(query @ person.vector / np.linalg.norm(query) / np.linalg.norm(person.vector))
        for person in crowd_people()
        if person.user_id not in exclude
    }

    found = crowd.search(query, limit, exclude=exclude, exact=exact)

    best = sorted(cosines.values(), reverse=True)[:limit]
    assert [neighbour.similarity for neighbour in found] == pytest.approx(best, abs=1e-5)
    assert [cosines[neighbour.user_id] for neighbour in found] == pytest.approx(best, abs=1e-5)
    assert found == sorted(found, key=lambda neighbour: (-neighbour.similarity, neighbour.user_id))
    assert len({neighbour.user_id for neighbour in found}) == len(found)


@given(number=st.integers(0, 89), limit=st.integers(0, 100))
def test_who_is_near_is_who_a_search_with_the_persons_vector_finds(crowd: UserIndex, number: int, limit: int):
    user_id = UserId(f"p-{number:02}")
    person = crowd.get([user_id])[user_id]
    assert crowd.near(user_id, limit) == (person.payload, crowd.search(person.vector, limit, exclude=[user_id]))


# Reading and writing


def test_get_leaves_out_who_is_unknown(index: UserIndex):
    assert index.get([UserId("bob"), UserId("nobody")]).keys() == {"bob"}
    assert index.get([]) == {}


def test_people_come_out_as_they_were_put_in_at_unit_length(index: UserIndex):
    index.upsert([a_person("Ünal 🎧/'", [3, 0, 4, 0], source="csv", display_name="Ü.", genres="")])
    ((user_id, person),) = index.get([UserId("Ünal 🎧/'")]).items()
    assert user_id == person.user_id == "Ünal 🎧/'"
    assert person.vector.dtype == np.float32
    assert person.vector.tolist() == pytest.approx([0.6, 0, 0.8, 0])
    assert person.payload == {"source": "csv", "display_name": "Ü.", "genres": ""}


def test_an_upsert_replaces_the_vector_and_the_whole_payload(index: UserIndex):
    index.upsert([a_person("ann", EAST, source="csv", display_name="Ann")])
    index.upsert([a_person("ann", UP, source="zip")])
    ann = index.get([UserId("ann")])[UserId("ann")]
    assert (ann.vector.tolist(), ann.payload) == (UP.tolist(), {"source": "zip"})
    assert index.count() == 3
    assert ids(index, UP, 1) == ["ann"]
    assert ids(index, EAST, 1) == ["cleo"]


def test_the_same_upsert_twice_is_as_once(index: UserIndex):
    index.upsert([a_person("dan", UP)])
    once = index.search(UP, 10)
    index.upsert([a_person("dan", UP)])
    assert index.search(UP, 10) == once
    assert index.count() == 4


def test_the_last_one_wins_where_a_person_stands_twice(index: UserIndex):
    index.upsert([a_person("dan", UP), a_person("dan", -UP, source="csv")])
    dan = index.get([UserId("dan")])[UserId("dan")]
    assert (dan.vector.tolist(), dan.payload) == ((-UP).tolist(), {"source": "csv"})
    assert index.count() == 4


def test_who_is_deleted_is_neither_found_nor_counted_and_twice_is_as_once(index: UserIndex):
    for _ in range(2):
        index.delete(iter([point_id(UserId("ann")), point_id(UserId("nobody"))]))
        assert ids(index, EAST, 3) == ["cleo", "bob"]
        assert index.get([UserId("ann")]) == {}
        assert index.count() == 2


def test_who_was_deleted_may_come_back(index: UserIndex):
    index.delete([point_id(UserId("ann"))])
    index.upsert([a_person("ann", UP)])
    assert ids(index, UP, 1) == ["ann"]
    assert index.count() == 3


def test_to_write_or_delete_nobody_does_nothing(index: UserIndex):
    index.upsert([])
    index.delete([])
    assert index.count() == 3


BAD = {
    "too short": [1] * (WIDTH - 1),
    "too long": [1] * (WIDTH + 1),
    "a matrix": [[1] * WIDTH],
    "zero": [0] * WIDTH,
    "NaN": [1] * (WIDTH - 1) + [np.nan],
    "infinite": [1] * (WIDTH - 1) + [-np.inf],
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_vector_is_refused_and_nobody_of_its_batch_is_written(index: UserIndex, bad: list[Any]):
    with pytest.raises(BadVector):
        index.upsert([a_person("dan", UP), a_person("eve", bad), a_person("ann", UP)])
    with pytest.raises(BadVector):
        index.search(np.asarray(bad, np.float32), 3)
    assert index.count() == 3
    assert ids(index, EAST, 1) == ["ann"]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_vector_cannot_be_built_with(catalog: IndexCatalog, bad: list[Any]):
    builder = catalog.create(1, WIDTH)
    with pytest.raises(BadVector):
        builder.add([a_person("ann"), a_person("bob", bad)])
    assert builder.finish().count() == 0
    builder.abort()


def test_a_closed_index_says_so_whatever_it_is_asked(index: UserIndex):
    index.close()
    questions: list[Callable[[], object]] = [
        lambda: index.search(EAST, 3),
        lambda: index.search(EAST, 3, exclude=[UserId("ann")], exact=True),
        lambda: index.get([UserId("ann")]),
        lambda: index.upsert([a_person("dan")]),
        lambda: index.delete([point_id(UserId("ann"))]),
        index.count,
    ]
    for question in questions:
        with pytest.raises(IndexUnavailable):
            question()
    index.close()


def test_what_was_written_is_there_when_the_version_is_opened_again(catalog: IndexCatalog):
    name = a_version(catalog, a_person("ann", EAST), a_person("bob", NORTH))
    index = catalog.open(name)
    index.upsert([a_person("dan", UP)])
    index.delete([point_id(UserId("ann"))])
    index.close()

    again = catalog.open(name)
    assert again.get([UserId(user_id) for user_id in ("ann", "bob", "dan")]).keys() == {"bob", "dan"}
    assert again.version == catalog.live()
    again.close()


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
