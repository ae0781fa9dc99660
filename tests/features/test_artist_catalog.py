"""The artist catalogue keeps in step with the people, and learns from sources only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.listening import Listening, PlaylistListening
from features.ports import ArtistFacts
from features.profile import UserId
from features.provenance import SPOTIFY_API
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from tests.builders import a_playlist, a_profile, a_track, features_of
from tests.fakes.stores import MemoryFeatureStore

Store = SqliteFeatureStore | MemoryFeatureStore
SOMEBODY = features_of(a_profile("somebody", a_playlist("mix", "Air")))[0]
SPELLINGS = ("Air", "AIR", "Björk", "björk", "Moby", "Can")


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryFeatureStore()
        return
    made = SqliteFeatureStore(tmp_path / "features.db")
    yield made
    made.close()


def plays(user_id: str, artist: str, *genres: str, year: int | None = None) -> UserFeatures:
    return features_of(a_profile(user_id, a_playlist("mix", a_track(artist, genres=genres, release_year=year))))[0]


def test_an_unknown_artist_has_no_facts(store: Store):
    assert store.catalog.facts(["Air"]) == {}
    assert store.catalog.popularity() == ({}, {})


def test_facts_answer_to_any_spelling_and_are_keyed_as_asked(store: Store):
    store.upsert([plays("ann", "Daft Punk", "house", year=1997)])
    facts = ArtistFacts(people=1, genres=("house",), year=1997)
    assert store.catalog.facts(["DAFT  PUNK", "daft punk", "Air"]) == {"DAFT  PUNK": facts, "daft punk": facts}


def test_the_commonest_five_genres_come_first_and_ties_go_by_name(store: Store):
    store.upsert([plays("ann", "Air", "f", "e", "d", "c", "b", "a"), plays("bob", "Air", "f", "e")])
    assert store.catalog.facts(["Air"])["Air"].genres == ("e", "f", "a", "b", "c")


def test_the_year_is_the_median_of_what_people_s_sources_say(store: Store):
    store.upsert([plays(f"p{year}", "Air", year=year) for year in (1998, 2001, 2016)])
    store.upsert([plays("dan", "Air")])
    assert store.catalog.facts(["Air"])["Air"] == ArtistFacts(people=4, year=2001)


def test_a_person_counts_once_an_artist_and_once_a_genre(store: Store):
    tracks = [a_track("Air", genres=["pop"]), a_track("Moby", genres=["pop"])]
    store.upsert(features_of(a_profile("ann", a_playlist("p", *tracks), a_playlist("q", *tracks))))
    assert store.catalog.popularity() == ({"air": 1, "moby": 1}, {"pop": 1})


def test_what_the_catalogue_filled_in_teaches_it_nothing(store: Store):
    store.upsert([plays("ann", "Air", "pop", year=1998)])
    bob = plays("bob", "Air", "pop", year=1998)
    filled = replace(bob.listening, filled_genres=frozenset({"Air"}), filled_years=frozenset({"Air"}))
    store.upsert([replace(bob, listening=filled)])
    assert store.catalog.popularity() == ({"air": 2}, {"pop": 1})
    store.delete([UserId("ann")])
    assert store.catalog.facts(["Air"]) == {"Air": ArtistFacts(people=1)}


@pytest.mark.parametrize("source", sorted(SPOTIFY_API))
def test_what_spotify_s_api_told_of_somebody_counts_them_and_fills_nobody_else_in(store: Store, source: str):
    store.upsert([replace(plays("ann", "Nico", "art pop", year=1967), source=source)])
    assert store.catalog.facts(["Nico"]) == {"Nico": ArtistFacts(people=1)}
    assert store.catalog.popularity() == ({"nico": 1}, {})
    assert store.catalog.without_genres() == ["nico"]
    store.delete([UserId("ann")])
    assert store.catalog.popularity() == ({}, {})


def test_who_brings_themselves_what_was_read_before_tells_of_it_from_then_on(store: Store):
    ann = plays("ann", "Nico", "art pop", year=1967)
    for source, facts in (
        ("spotify-api", ArtistFacts(people=1)),
        ("by-hand", ArtistFacts(1, ("art pop",), 1967)),
        ("spotify-login", ArtistFacts(people=1)),
    ):
        store.upsert([replace(ann, source=source)])
        assert store.catalog.facts(["Nico"]) == {"Nico": facts}


def test_a_file_that_an_earlier_version_counted_with_it_is_counted_anew_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "features.db"
    ann = replace(plays("ann", "Nico", "art pop", year=1967), source="spotify-api")
    with monkeypatch.context() as before, closing(SqliteFeatureStore(path)) as store:
        before.setattr("features.provenance.SPOTIFY_API", frozenset())
        store.upsert([ann, plays("bob", "Nico", "art pop")])
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE counts_only_lent")
    for _ in range(2):
        with closing(SqliteFeatureStore(path)) as store:
            assert store.catalog.facts(["Nico"]) == {"Nico": ArtistFacts(2, ("art pop",))}
            assert store.catalog.popularity() == ({"nico": 2}, {"art pop": 1})
    with closing(SqliteFeatureStore(path)) as store:
        store.delete([UserId("ann"), UserId("bob")])
        assert store.catalog.popularity() == ({}, {})


def test_what_only_a_deleted_or_changed_person_told_is_forgotten(store: Store):
    store.upsert([plays("ann", "Air", "pop", year=1998), plays("bob", "Moby", "house")])
    store.upsert([plays("ann", "Can", "krautrock")])
    store.delete([UserId("bob")])
    assert store.catalog.popularity() == ({"can": 1}, {"krautrock": 1})
    assert store.catalog.facts(["Air", "Moby"]) == {}


def test_artists_whose_genres_nobody_tells_come_by_how_many_listen(store: Store):
    store.upsert([plays("ann", "Air"), plays("bob", "Moby"), plays("cleo", "MOBY"), plays("dan", "Can", "krautrock")])
    store.upsert([plays("eve", "Can"), plays("fay", "Abba")])
    assert store.catalog.without_genres() == ["moby", "abba", "air"]


@st.composite
def listenings(draw: st.DrawFn) -> Listening:
    artists = draw(st.lists(st.sampled_from(SPELLINGS), min_size=1, unique=True))
    years = [draw(st.none() | st.integers(1990, 1993)) for _ in artists]
    cut = draw(st.integers(0, len(artists)))
    genres = st.lists(st.sampled_from(["pop", "rock", "new wave"]), unique=True).map(tuple)
    return Listening(
        (_playlist("p", artists[:cut], years[:cut]), _playlist("q", artists[cut // 2 :], years[cut // 2 :])),
        draw(st.dictionaries(st.sampled_from(artists), genres)),
        frozenset(draw(st.sets(st.sampled_from(artists)))),
        frozenset(draw(st.sets(st.sampled_from(artists)))),
    )


def _playlist(name: str, artists: list[str], years: list[int | None]) -> PlaylistListening:
    return PlaylistListening(name, tuple(artists), (1.0,) * len(artists), tuple(years))


def _person(user_id: str, listening: Listening, source: str) -> UserFeatures:
    return replace(SOMEBODY, user_id=UserId(user_id), listening=listening, source=source)


USERS = st.sampled_from(["ann", "bob", "cleo"])
SOURCES = st.sampled_from(["by-hand", "spotify-api"])
UPSERTS = st.lists(st.tuples(USERS, listenings(), SOURCES), max_size=4)
STEPS = st.lists(UPSERTS | st.sets(USERS), max_size=8)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_after_any_writes_the_catalogue_is_that_of_the_people_in_the_store(steps: list[object]):
    with TemporaryDirectory() as folder:
        kept, plain = SqliteFeatureStore(Path(folder) / "features.db"), MemoryFeatureStore()
        for step in steps:
            for store in (kept, plain):
                if isinstance(step, set):
                    store.delete(map(UserId, step))
                else:
                    store.upsert([_person(*each) for each in step])
            assert kept.catalog.popularity() == plain.catalog.popularity()
            assert kept.catalog.facts(SPELLINGS) == plain.catalog.facts(SPELLINGS)
            assert kept.catalog.without_genres() == plain.catalog.without_genres()
        kept.close()
