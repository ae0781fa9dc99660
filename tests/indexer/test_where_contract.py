"""The contract of ``Where``, for every engine: whoever is barred is not found, and of the others the nearest are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.profile import UserId
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.ports import EVERYBODY, IndexCatalog, PersonVector, UserIndex, Where
from indexer.settings import IndexSettings
from tests.indexer.versions import CATALOGS, EAST, KINDS, NORTH, UP, WIDTH, a_person, a_version, ids

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEOPLE = 90
SOURCES = ("spotify-export", "exportify", "json")


def somebody(number: int) -> PersonVector:
    """One of the crowd: everybody on a coarse grid; every tenth person's payload says nothing."""
    vector = np.random.default_rng(number).integers(-1, 2, WIDTH) + np.array([0.5, 0, 0, 0])
    facts: dict[str, Any] = {
        "source": SOURCES[number % 3],
        "artist_count": number % 7 * 10,
        "updated": int(NOON.timestamp()) + number % 11,
    }
    return a_person(f"p-{number:02}", vector, **({} if number % 10 == 0 else facts), artists="Air")


@pytest.fixture(scope="module", params=KINDS)
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserIndex]:
    """A third of them came after the version was built."""
    with CATALOGS[request.param](tmp_path_factory.mktemp("crowd")) as catalog:
        people = [somebody(number) for number in range(PEOPLE)]
        opened = catalog.open(a_version(catalog, *people[:60]))
        opened.upsert(people[60:])
        yield opened
        opened.close()


WHERES = st.builds(
    Where,
    st.frozensets(st.sampled_from([*SOURCES, "unheard of"]), max_size=2),
    st.integers(-1, 70),
    st.none() | st.integers(-2, 13).map(lambda seconds: NOON + timedelta(seconds=seconds)),
)


def fits(person: PersonVector, where: Where) -> bool:
    facts = person.payload
    if where.sources and facts.get("source") not in where.sources:
        return False
    if where.min_artists > 0 and facts.get("artist_count", -1) < where.min_artists:
        return False
    return where.active_since is None or facts.get("updated", -1) >= where.active_since.timestamp()


@given(
    where=WHERES,
    vector=st.lists(st.integers(-9, 9), min_size=WIDTH, max_size=WIDTH).filter(any),
    limit=st.integers(0, PEOPLE),
    excluded=st.sets(st.integers(0, PEOPLE - 1), max_size=40),
    exact=st.booleans(),
)
def test_a_search_finds_the_nearest_of_those_who_fit_as_leaving_out_the_others_by_hand_would(
    crowd: UserIndex, where: Where, vector: list[int], limit: int, excluded: set[int], exact: bool
):
    exclude = [UserId(f"p-{number:02}") for number in excluded]
    query = np.asarray(vector, np.float32)
    people = [person for person in map(somebody, range(PEOPLE)) if fits(person, where)]
    cosines = {
        person.user_id: float(query @ person.vector / np.linalg.norm(query) / np.linalg.norm(person.vector))
        for person in people
        if person.user_id not in exclude
    }

    found = crowd.search(query, limit, exclude=exclude, where=where, exact=exact)

    best = sorted(cosines.values(), reverse=True)[:limit]
    assert [neighbour.similarity for neighbour in found] == pytest.approx(best, abs=1e-5)
    assert [cosines[neighbour.user_id] for neighbour in found] == pytest.approx(best, abs=1e-5)
    assert found == sorted(found, key=lambda neighbour: (-neighbour.similarity, neighbour.user_id))
    assert len({neighbour.user_id for neighbour in found}) == len(found)


def test_where_as_it_stands_bars_nobody(crowd: UserIndex):
    assert Where() == EVERYBODY
    assert crowd.search(EAST, PEOPLE, where=Where()) == crowd.search(EAST, PEOPLE)
    assert len(crowd.search(EAST, PEOPLE)) == PEOPLE


def test_a_thousand_may_be_excluded_from_those_who_fit(index: UserIndex):
    index.upsert([a_person(f"t-{number:04}", EAST, source=SOURCES[number % 2]) for number in range(1005)])
    barred = [UserId(f"t-{number:04}") for number in range(1000)]
    assert ids(index, EAST, 9, exclude=barred, where=Where(frozenset({SOURCES[0]}))) == ["t-1000", "t-1002", "t-1004"]


def test_the_time_is_the_same_in_every_zone_and_fractions_of_a_second_bar_nobody(index: UserIndex):
    index.upsert([a_person("dan", UP, updated=int(NOON.timestamp()))])
    tokyo = timezone(timedelta(hours=9))
    for since in (NOON, NOON.astimezone(tokyo), NOON + timedelta(microseconds=999_999)):
        assert ids(index, UP, 5, where=Where(active_since=since)) == ["dan"]
    assert ids(index, UP, 5, where=Where(active_since=NOON + timedelta(seconds=1))) == []


def test_a_person_is_judged_by_the_newest_that_is_known_of_them(index: UserIndex):
    large = Where(min_artists=10)
    index.upsert([a_person("ann", EAST, artist_count=9), a_person("bob", NORTH, artist_count=11)])
    assert ids(index, EAST, 5, where=large) == ["bob"]
    index.upsert([a_person("ann", EAST, artist_count=10), a_person("bob", NORTH, artist_count=1)])
    assert ids(index, EAST, 5, where=large) == ["ann"]


def test_who_fits_is_still_told_when_the_version_is_opened_again(catalog: IndexCatalog):
    name = a_version(catalog, a_person("ann", EAST, source="json"), a_person("bob", EAST, source="exportify"))
    index = catalog.open(name)
    index.upsert([a_person("cleo", EAST, source="json")])
    index.close()

    again = catalog.open(name)
    assert ids(again, EAST, 5, where=Where(frozenset({"json"}))) == ["ann", "cleo"]
    again.close()


WIDE, MANY = 768, 4_000
"""Large enough for the engine to build a graph."""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserIndex]:
    """Walked through for all but a sixtieth of the people, as an index of a million is."""
    catalog = EdgeIndexCatalog(tmp_path_factory.mktemp("graph"), IndexSettings())
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((MANY, 20)) @ rng.standard_normal((20, WIDE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.edge_shard._EXACT_BELOW_KB", MANY * WIDE * 4 // 1024 // 60)
        builder = catalog.create(1, WIDE)
    for start in range(0, MANY, 1000):
        numbers = range(start, start + 1000)
        builder.add([a_person(f"p-{n}", vectors[n], source=f"s{n % 3}", artist_count=n * 7 % MANY) for n in numbers])
    yield builder.finish()
    builder.abort()


@pytest.mark.parametrize("share", [0.005, 0.03, 0.1, 0.4, 0.9])
@pytest.mark.parametrize("sources", [frozenset(), frozenset({"s0"})], ids=["any source", "one source"])
def test_the_graph_finds_who_fits_however_few_they_are(graph: UserIndex, share: float, sources: frozenset[str]):
    where = Where(sources, min_artists=round(MANY * (1 - share)))
    found = expected = 0
    for asker in graph.get([UserId(f"p-{number}") for number in range(60)]).values():
        exact = {n.user_id for n in graph.search(asker.vector, 10, where=where, exact=True)}
        found += len(exact & {n.user_id for n in graph.search(asker.vector, 10, where=where)})
        expected += len(exact)
    assert found >= 0.98 * expected > 0
