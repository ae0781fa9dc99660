import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.profile import UserId
from indexer.payload import Card, pack, unpack
from indexer.ports import Neighbour
from indexer.terms import artist_numbers, numbered
from retriever.explain import Asker, Yardstick, compare_towers, discoveries, percentile
from tests.builders import a_playlist, a_profile, a_track, features_of

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1)


def a_card(*artists: str, genre: str | None = None, towers: np.ndarray | None = None) -> Card:
    genres = [] if genre is None else [genre]
    (person,) = features_of(a_profile("x", a_playlist("p", *(a_track(name, genres=genres) for name in artists))))
    towers = np.eye(3, 4, dtype=np.float32) if towers is None else towers
    return unpack(pack(person, towers))


def a_neighbour(card: Card, similarity: float = 0.5, user_id: str = "n") -> tuple[Neighbour, Card]:
    return Neighbour(UserId(user_id), similarity, {}), card


def a_yardstick(people: dict[str, int] | None = None, most: int = 20) -> Yardstick:
    return Yardstick(numbered(people or {}, {}), (), most)


@given(
    NAMES,
    st.lists(NAMES, max_size=4),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 3)),
    st.integers(1, 8),
)
def test_shared_artists_are_all_that_both_have_rarest_first(
    mine: list[str], others: list[list[str]], people: dict[str, int], most: int
) -> None:
    near = [a_neighbour(a_card(*theirs)) for theirs in others]

    found = Asker(a_card(*mine), a_yardstick(people, most)).compare(near)

    for each, theirs in zip(found, others, strict=True):
        in_both = set(mine) & set(theirs)
        assert len(set(each.shared_artists)) == len(each.shared_artists) == min(most, len(in_both))
        assert set(each.shared_artists) <= in_both
        heard = [people.get(artist, 0) for artist in each.shared_artists]
        assert heard == sorted(people.get(artist, 0) for artist in in_both)[:most]


@given(NAMES, NAMES)
def test_reasons_are_the_same_from_both_sides(mine: list[str], theirs: list[str]) -> None:
    me, you = a_card(*mine, genre="pop"), a_card(*theirs, genre="pop")

    (there,) = Asker(me, a_yardstick()).compare([a_neighbour(you)])
    (back,) = Asker(you, a_yardstick()).compare([a_neighbour(me)])

    assert (there.shared_artists, there.shared_genres, there.towers) == (
        back.shared_artists, back.shared_genres, back.towers,
    )  # fmt: skip


def test_a_shared_artist_is_spelt_as_the_asker_spells_it() -> None:
    (found,) = Asker(a_card("BJÖRK"), a_yardstick()).compare([a_neighbour(a_card("Björk"))])

    assert found.shared_artists == ("BJÖRK",)


def test_a_genre_is_no_artist_of_the_same_name() -> None:
    (found,) = Asker(a_card("pop", "a"), a_yardstick()).compare([a_neighbour(a_card("a", genre="pop"))])

    assert (found.shared_artists, found.shared_genres) == (("a",), ())


def test_towers_tell_their_cosine_and_none_where_one_lacks_the_part() -> None:
    one = np.array([[1, 0, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 0, 0]], np.float32)
    other = np.array([[0.6, 0.8, 0, 0], [-0.6, -0.8, 0, 0], [0, 1, 0, 0]], np.float32)

    (there, itself), parts = compare_towers(
        a_card("a", towers=one), [a_card("a", towers=other), a_card("a", towers=one)]
    )

    assert there.genre == pytest.approx(0.6, abs=0.01)
    assert there.artist == pytest.approx(-1, abs=0.01)
    assert there.playlist is None
    assert (itself.genre, itself.playlist) == (pytest.approx(1), None)
    assert parts == [2, 3, 2]
    (back,), parts = compare_towers(a_card("a", towers=other), [a_card("a", towers=one)])
    assert (back, parts) == (there, [3, 2])


def test_a_percentile_is_the_share_of_pairs_that_are_at_most_this_alike() -> None:
    quantiles = [0.0, 0.25, 0.5, 0.75]

    assert [percentile(similarity, quantiles) for similarity in (-1, 0.0, 0.3, 1)] == [0, 25, 50, 100]
    assert percentile(0.5, ()) is None


def test_somebody_just_alike_is_nearer_than_all_pairs_whatever_the_last_bit_of_the_cosine() -> None:
    me = a_card("a")
    yardstick = Yardstick(numbered({}, {}), (0.0, 0.5, 1.0), 20)
    found = Asker(me, yardstick).compare([a_neighbour(me, 1.0), a_neighbour(me, 0.9999999)])

    assert [(each.similarity, each.percentile) for each in found] == [(1.0, 100.0), (1.0, 100.0)]


def test_discoveries_are_what_the_near_love_and_the_asker_lacks() -> None:
    near = [a_neighbour(a_card("Air", "Can"), 0.9), a_neighbour(a_card("can", "Moby"), 0.8)]

    found = discoveries(near, frozenset(artist_numbers(["AIR"])), 5)

    assert [(each.artist, each.people) for each in found] == [("Can", 2), ("Moby", 1)]
    assert found[0].score > found[1].score > 0
    assert len(discoveries(near, frozenset(), 1)) == 1
