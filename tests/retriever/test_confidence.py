import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.payload import Card, pack, unpack
from indexer.ports import Neighbour
from retriever.confidence import own_confidence, pair_confidence
from retriever.explain import Asker, Yardstick
from tests.builders import a_playlist, a_profile, a_track, features_of

ALL_PARTS = 3
ARTISTS, PARTS = st.integers(0, 500), st.integers(0, ALL_PARTS)


def somebody(artists: int, *, genres: int = 1, parts: int = ALL_PARTS) -> Card:
    names = [f"artist {number}" for number in range(artists)]
    tracks = [a_track(name, genres=[f"genre {number}" for number in range(genres)]) for name in names]
    (person,) = features_of(a_profile("x", a_playlist("p", *tracks)))
    return unpack(pack(person, np.eye(ALL_PARTS, 4, dtype=np.float32) * (np.arange(ALL_PARTS) < parts)[:, None]))


def confidence(asker: Card, other: Card) -> float:
    (found,) = Asker(asker, Yardstick({}, (), 20)).compare([(Neighbour("other", 0.5, {}), other)])
    return found.confidence


def test_confidence_rises_with_more_artists() -> None:
    assert [confidence(somebody(n), somebody(90)) for n in (1, 10, 30, 90)] == [0.0909, 0.5, 0.75, 0.9]


def test_confidence_falls_a_little_for_every_tower_that_is_missing() -> None:
    found = [confidence(somebody(10, parts=parts), somebody(10)) for parts in (3, 2, 1)]

    assert found == pytest.approx([0.5, 0.5 * 8 / 9, 0.5 * 7 / 9], abs=1e-4)


def test_confidence_is_that_of_the_person_of_whom_less_is_known_from_whichever_side() -> None:
    few, many = somebody(5), somebody(50)

    assert confidence(few, many) == confidence(many, few) == confidence(few, few) < confidence(many, many)


@pytest.mark.parametrize("genres", [0, 1, 4])
def test_genres_are_not_counted_as_artists(genres: int) -> None:
    card = somebody(7, genres=genres)

    assert card.artist_count == len(card.artists) == 7
    assert len(card.genres) == genres


def test_of_nobody_known_there_is_no_confidence() -> None:
    assert own_confidence(0, 0) == 0


@given(ARTISTS, PARTS)
def test_confidence_is_a_share_and_more_data_never_lowers_it(artists: int, parts: int) -> None:
    assert 0 <= own_confidence(artists, parts) <= 1
    assert own_confidence(artists, parts) < own_confidence(artists + 1, parts)
    assert own_confidence(artists, parts) <= own_confidence(artists, parts + 1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_pair_is_as_sure_as_the_less_sure_of_the_two(one: float, other: float) -> None:
    assert pair_confidence(one, other) == pair_confidence(other, one) == pytest.approx(min(one, other), abs=1e-4)
