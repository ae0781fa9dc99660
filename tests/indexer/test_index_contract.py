"""The contract of UserIndex, for every engine in ``tests.indexer.versions``: search, read and write."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.identity import point_id
from features.profile import UserId
from indexer.errors import BadVector, IndexUnavailable
from indexer.ports import IndexCatalog, PersonVector, UserIndex
from tests.indexer.versions import CATALOGS, EAST, KINDS, NORTH, UP, WIDTH, a_person, a_version, ids

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


@pytest.fixture(scope="module", params=KINDS)
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserIndex]:
    """Everybody on a coarse grid, so that many are equal; a third of them came after the graph was built."""
    with CATALOGS[request.param](tmp_path_factory.mktemp("crowd")) as catalog:
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


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_what_everybody_in_the_index_was_made_of_is_told_in_batches(index: UserIndex, batch_size: int):
    index.upsert([a_person(user_id, EAST, content=f"of {user_id}") for user_id in ("bob", "dan")])
    index.delete([point_id(UserId("cleo"))])
    batches = list(index.contents(batch_size))

    assert {user_id: content for batch in batches for user_id, content in batch.items()} == {
        "ann": "",
        "bob": "of bob",
        "dan": "of dan",
    }
    assert sum(map(len, batches)) == 3


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_a_walk_meets_everybody_once_by_point_id_with_what_is_asked_for(index: UserIndex, batch_size: int):
    index.upsert([a_person(f"late-{number}", [1, number, 0, 0], source="test", genres="a") for number in range(9)])
    index.upsert([a_person("late-3", NORTH, source="test", genres="b")])
    index.delete([point_id(UserId("cleo")), point_id(UserId("late-5"))])
    batches = list(index.walk(["genres"], batch_size))

    met = [person for batch in batches for person in batch]
    ids_met = [person.user_id for person in met]
    assert set(ids_met) == {"ann", "bob", *(f"late-{number}" for number in range(9) if number != 5)}
    assert ids_met == sorted(ids_met, key=lambda user_id: str(point_id(user_id)))
    assert max(map(len, batches)) <= batch_size
    whole = index.get(ids_met)
    assert {person.user_id: dict(person.payload) for person in met if "late" in person.user_id} == {
        user_id: {"genres": person.payload["genres"]} for user_id, person in whole.items() if "late" in user_id
    }
    for person in met:
        np.testing.assert_allclose(person.vector, whole[person.user_id].vector, atol=1e-6)


def test_a_walk_may_be_broken_off(index: UserIndex):
    assert len(next(index.walk((), batch_size=1))) == 1
    assert index.count() == 3


def test_a_closed_index_says_so_whatever_it_is_asked(index: UserIndex):
    index.close()
    questions: list[Callable[[], object]] = [
        lambda: index.search(EAST, 3),
        lambda: index.search(EAST, 3, exclude=[UserId("ann")], exact=True),
        lambda: index.near(UserId("ann"), 3),
        lambda: index.get([UserId("ann")]),
        lambda: index.upsert([a_person("dan")]),
        lambda: index.delete([point_id(UserId("ann"))]),
        index.count,
        lambda: list(index.contents()),
        lambda: list(index.walk(())),
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
