"""Look-ups at MusicBrainz, by real HTTP against a stand-in: who is matched, which genres, in which order, how often."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SourceUnavailable
from features.genres.answers import Answer, MusicBrainzGenres, Outcome
from features.genres.lookups import MusicBrainzLookups
from features.genres.matching import best_match
from features.genres.musicbrainz import MusicBrainz
from features.genres.sources import FirstKnown
from features.genres.table import TableGenres
from features.genres.votes import genres_of
from features.metabrainz.database import metabrainz_database
from features.metabrainz.pace import Pace
from features.metabrainz.web import Patience, Web
from tests.builders import a_playlist, a_profile, a_track, features_of
from tests.fakes.musicbrainz import Artist, FakeMusicBrainz
from tests.fakes.stores import MemoryFeatureStore
from tests.fakes.web import Reply

AIR = Artist("Air", genres={"downtempo": 4, "trip hop": 9}, tags={"french": 20})


@pytest.fixture
def fake() -> Iterator[FakeMusicBrainz]:
    with FakeMusicBrainz(AIR) as fake:
        yield fake


@pytest.fixture
def musicbrainz(fake: FakeMusicBrainz, tmp_path: Path) -> Iterator[MusicBrainz]:
    pace = Pace(metabrainz_database(tmp_path), "MusicBrainz", 0.0)
    web = Web("MusicBrainz", f"{fake.url}/ws/2", pace, contact="me@example.org", patience=Patience(2, 0.001, 1.0))
    made = MusicBrainz(web)
    yield made
    made.close()


def test_genres_come_by_votes_and_other_tags_are_left_out(musicbrainz: MusicBrainz) -> None:
    assert musicbrainz.ask("AIR") == Answer(Outcome.FOUND, ("trip hop", "downtempo"))


def test_tags_do_where_nobody_voted_for_a_genre(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.artists = [Artist("Moby", genres={"Techno": 0, "pop": -2}, tags={"Vegan": 1, "Electronica": 3})]

    assert musicbrainz.ask("Moby").genres == ("electronica", "vegan")


def test_nothing_is_sent_but_the_name(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    musicbrainz.ask("Air")

    search, about = fake.asked
    assert search.query == {"query": 'artist:"Air" OR alias:"Air"', "fmt": "json"}
    assert (about.path, about.query) == (f"/ws/2/artist/{AIR.mbid}", {"inc": "genres+tags", "fmt": "json"})


def test_an_artist_is_known_by_an_alias_too(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.artists.append(Artist("Пётр Чайковский", aliases=("Tchaikovsky",), genres={"classical": 3}))

    assert musicbrainz.ask("tchaikovsky").genres == ("classical",)


def test_a_name_goes_before_an_alias_and_among_names_the_one_that_is_tagged_most(
    fake: FakeMusicBrainz, musicbrainz: MusicBrainz
) -> None:
    fake.artists = [
        Artist("Nirvana", {"psychedelic": 3}, {"psychedelic": 3}, disambiguation="60s band from the UK"),
        Artist("Nirvana", {"grunge": 30}, {"grunge": 30, "spam": -900}, disambiguation="90s US grunge band", score=95),
        Artist("Somebody Else", {"polka": 50}, {"polka": 50}, aliases=("Nirvana",)),
    ]

    assert musicbrainz.ask("Nirvana").genres == ("grunge",)


@pytest.mark.parametrize("name", ["Airbourne", "Air Supply", "Jean Michel Jarre"])
def test_who_only_has_a_similar_name_is_not_taken(name: str, fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.artists = [Artist("Air Supply Tribute", genres={"pop": 1}), Artist("Jean", genres={"pop": 1}), AIR]

    assert musicbrainz.ask(name) == Answer(Outcome.UNKNOWN)


def test_a_weak_hit_is_not_taken(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.artists = [Artist("Air", genres={"pop": 1}, score=79)]

    assert musicbrainz.ask("Air") == Answer(Outcome.UNKNOWN)


def test_an_artist_without_genres_is_known_to_have_none(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.artists = [Artist("Air")]

    assert musicbrainz.ask("Air") == Answer(Outcome.WITHOUT_GENRES)


@pytest.mark.parametrize("name", ['The "Quotes"', "AC/DC", "back\\slash", "Sunn O))) AND NOT *", "!!!", "+/-", "æ: ø?"])
def test_names_that_mean_something_to_the_search_are_searched_for_as_they_are(
    name: str, fake: FakeMusicBrainz, musicbrainz: MusicBrainz
) -> None:
    fake.artists = [Artist(name, genres={"drone": 2})]

    assert musicbrainz.ask(name).genres == ("drone",)
    assert fake.names_asked == [name]


def test_a_name_that_cannot_be_searched_for_is_unknown(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.next.append(Reply(400, {"error": "bad query"}))

    assert musicbrainz.ask("Air") == Answer(Outcome.UNKNOWN)


def test_an_artist_that_is_gone_between_two_questions_is_unknown(
    fake: FakeMusicBrainz, musicbrainz: MusicBrainz
) -> None:
    fake.next.extend([fake.answer(_search("Air")), Reply(404, {"error": "Not Found"})])

    assert musicbrainz.ask("Air") == Answer(Outcome.UNKNOWN)


def _search(name: str):
    from tests.fakes.web import Asked

    return Asked("/ws/2/artist", {"query": f'artist:"{name}" OR alias:"{name}"'}, {})


def test_a_busy_server_is_asked_again_and_then_given_up(fake: FakeMusicBrainz, musicbrainz: MusicBrainz) -> None:
    fake.next.append(Reply(503, {"error": "Your requests are exceeding the allowable rate limit."}))
    assert musicbrainz.ask("Air").outcome == Outcome.FOUND

    fake.next.extend([Reply(503)] * 2)
    with pytest.raises(SourceUnavailable, match="MusicBrainz answered 503"):
        musicbrainz.ask("Air")


ODD = st.none() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": ODD | st.just(AIR.mbid), "name": ODD | st.just("Air"), "score": ODD | st.just(100),
            "aliases": ODD | st.lists(st.dictionaries(st.just("name"), ODD), max_size=2),
            "tags": ODD | st.lists(st.dictionaries(st.just("count"), ODD), max_size=2),
        },
    )
    | ODD
)  # fmt: skip


@given(st.dictionaries(st.just("artists"), ROWS | ODD) | ODD)
def test_whatever_a_search_answers_a_match_is_an_artist_or_nobody(document: object) -> None:
    assert best_match(document, "Air") in ("", AIR.mbid)


@given(st.lists(st.tuples(st.text(max_size=3) | ODD, st.integers(-3, 3)), max_size=9))
def test_genres_are_few_lower_case_each_once_and_never_blank(votes: list[tuple[object, int]]) -> None:
    genres = genres_of(votes, ())

    assert len(genres) == len(set(genres)) <= 5
    assert all(genre and "\n" not in genre for genre in genres)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryFeatureStore:
    """Two people listen to Moby, one to Air, one to Can, whose genres their source tells."""
    store = MemoryFeatureStore()
    can = a_track("Can", genres=["krautrock"])
    store.upsert(
        features_of(a_profile("ann", a_playlist("p", "Moby", "Air")), a_profile("bob", a_playlist("p", "MOBY", can)))
    )
    return store


@pytest.fixture
def answers(tmp_path: Path) -> MusicBrainzGenres:
    return MusicBrainzGenres(metabrainz_database(tmp_path))


@pytest.fixture
def lookups(
    store: MemoryFeatureStore, answers: MusicBrainzGenres, musicbrainz: MusicBrainz, clock: Clock
) -> MusicBrainzLookups:
    return MusicBrainzLookups(store.catalog, answers, musicbrainz, clock=clock)


def test_step_by_step_those_with_the_most_listeners_are_looked_up_and_each_once(
    lookups: MusicBrainzLookups, fake: FakeMusicBrainz, answers: MusicBrainzGenres
) -> None:
    assert [lookups.step() for _ in range(4)] == [Outcome.UNKNOWN, Outcome.FOUND, None, None]
    assert fake.names_asked == ["moby", "air"]
    assert answers.genres(["Air", "Moby"]) == {"Air": ("trip hop", "downtempo")}


def test_a_new_process_goes_on_where_the_last_one_was(
    lookups: MusicBrainzLookups, store: MemoryFeatureStore, answers: MusicBrainzGenres, musicbrainz: MusicBrainz
) -> None:
    lookups.step()

    assert MusicBrainzLookups(store.catalog, answers, musicbrainz).waiting() == ["air"]


def test_who_comes_later_is_looked_up_later(
    lookups: MusicBrainzLookups, store: MemoryFeatureStore, fake: FakeMusicBrainz, clock: Clock
) -> None:
    while lookups.step():
        pass
    store.upsert(features_of(a_profile("eve", a_playlist("p", "Abba"))))
    assert lookups.step() is None  # nobody was there a moment ago

    clock.now += 61

    assert lookups.step() == Outcome.UNKNOWN
    assert fake.names_asked[-1] == "abba"


def test_the_artists_of_who_was_deleted_are_not_looked_up(
    lookups: MusicBrainzLookups, store: MemoryFeatureStore
) -> None:
    store.delete(["ann", "bob"])  # type: ignore[list-item]

    assert lookups.step() is None


def test_after_a_failure_musicbrainz_is_left_alone_for_a_minute_and_nobody_is_lost(
    lookups: MusicBrainzLookups, fake: FakeMusicBrainz, clock: Clock
) -> None:
    fake.next.extend([Reply(503)] * 2)
    with pytest.raises(SourceUnavailable):
        lookups.step()
    assert lookups.step() is None

    clock.now += 61

    assert lookups.step() == Outcome.FOUND  # the next one, as the first may be what it fails at
    assert lookups.waiting() == ["moby"]
    assert lookups.step() == Outcome.UNKNOWN


def test_whom_another_source_knows_is_not_asked_for(
    store: MemoryFeatureStore, answers: MusicBrainzGenres, musicbrainz: MusicBrainz, tmp_path: Path
) -> None:
    (tmp_path / "genres.csv").write_text("artist,genres\nMoby,techno\n")
    table = FirstKnown([TableGenres(tmp_path / "genres.csv")])

    assert MusicBrainzLookups(store.catalog, answers, musicbrainz, [table]).waiting() == ["air"]
