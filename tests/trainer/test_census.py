from hypothesis import given
from hypothesis import strategies as st

from features.listening import Listening
from tests.builders import a_playlist, a_profile, a_track, features_of
from trainer import census
from trainer.census import Census, census_of


def listening(*tracks: object) -> Listening:
    return features_of(a_profile("ann", a_playlist("p", *tracks)))[0].listening  # type: ignore[arg-type]


def entries(found: Census, name: str, columns: list) -> list[dict]:
    matrix = getattr(found, name)
    return [dict(zip([columns[at] for at in row.indices], row.data.tolist(), strict=True)) for row in matrix]


def test_each_person_is_a_row_of_the_artists_and_genres_they_have():
    found = census_of(
        [
            listening(a_track("Air", genres=["pop", "trip hop"], plays=3), a_track("Moby", plays=1)),
            listening(a_track("AIR", genres=["pop"], plays=2)),
        ]
    )
    assert len(found) == 2
    assert entries(found, "plays", found.artists) == [{"air": 3.0, "moby": 1.0}, {"air": 2.0}]
    first, second = entries(found, "mixes", found.genres)
    assert first.keys() == {"pop", "trip hop"}
    assert first["pop"] == first["trip hop"] > second["pop"]


def test_the_commonest_telling_of_an_artists_genres_wins_and_any_before_none():
    tellings = [["pop"], ["rock"], ["rock"], []]
    people = [listening(a_track("Air", genres=genres), a_track("Moby")) for genres in tellings]
    assert census_of(people).tags() == {"air": ("rock",), "moby": ()}
    assert census_of([*people[:1], *people[3:] * 5]).tags()["air"] == ("pop",)
    assert census_of(people[:2]).tags()["air"] == ("rock",)  # a tie, by name


def test_only_the_heaviest_artists_of_a_person_are_counted(monkeypatch):
    monkeypatch.setattr(census, "MAX_ARTISTS_PER_PERSON", 2)
    found = census_of([listening(*(a_track(name, plays=plays) for name, plays in (("a", 5), ("b", 9), ("c", 7))))])
    assert entries(found, "plays", found.artists) == [{"b": 9.0, "c": 7.0}]
    assert found.tags().keys() == {"a", "b", "c"}


people = st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([(), ("x",), ("y", "z")])), max_size=4))


@given(people, st.integers(0, 5))
def test_a_part_of_a_census_tells_what_a_census_of_that_part_does(told: list, cut: int):
    listenings = [
        listening(*(a_track(name, genres=list(genres)) for name, genres in tracks)) for tracks in told if tracks
    ]
    whole = census_of(listenings)
    rows = [row >= cut for row in range(len(listenings))]
    part, apart = whole.of(_bools(rows)), census_of(listenings[cut:])
    assert part.tags() == apart.tags()
    assert entries(part, "plays", part.artists) == entries(apart, "plays", apart.artists)
    assert entries(part, "mixes", part.genres) == entries(apart, "mixes", apart.genres)


def _bools(rows: list[bool]):
    import numpy as np

    return np.array(rows, bool)
