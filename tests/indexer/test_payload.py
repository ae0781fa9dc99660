from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.user_features import DECADES, Coverage, UserFeatures, YearStats
from indexer.payload import MAX_ARTISTS, Card, pack, unpack
from tests.builders import a_playlist, a_profile, a_track, features_of

TOWERS = np.eye(3, 4, dtype=np.float32)


def somebody(artists: int = 1, **more: object) -> UserFeatures:
    tracks = [a_track(f"artist {number}") for number in range(artists)]
    (person,) = features_of(a_profile("ann", a_playlist("p", *tracks), source="spotify-export"))
    return replace(person, **more)


def a_card(person: UserFeatures) -> Card:
    return unpack(pack(person, TOWERS))


def test_what_searches_are_narrowed_by_travels_as_it_is() -> None:
    card = a_card(somebody(3, updated_at=datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)))

    assert (card.source, card.artist_count) == ("spotify-export", 3)
    assert card.updated == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


def test_numbers_travel_as_numbers_so_that_an_engine_can_compare_them() -> None:
    payload = pack(somebody(), TOWERS)

    fields = ("source", "artist_count", "updated", "genre_coverage", "year_coverage")
    assert [type(payload[field]) for field in fields] == [str, int, int, float, float]


@pytest.mark.parametrize("artists", [1, MAX_ARTISTS, MAX_ARTISTS + 7])
def test_every_artist_counts_and_the_first_are_named(artists: int) -> None:
    card = a_card(somebody(artists))

    assert card.artist_count == artists
    assert len(card.artists) == min(artists, MAX_ARTISTS)


def test_how_much_is_known_of_genres_and_years_is_told_apart() -> None:
    card = a_card(somebody(coverage=Coverage(genres=0.25, years=1.0)))

    assert (card.genre_coverage, card.year_coverage) == (0.25, 1.0)


def test_without_a_known_year_there_are_no_decades() -> None:
    assert a_card(somebody(years=None)).decades is None


@given(arrays(np.float32, DECADES, elements=st.floats(0, 1, width=32)).filter(lambda drawn: drawn.sum() > 0.01))
def test_decades_come_back_as_shares_near_to_what_they_were(drawn: np.ndarray) -> None:
    shares = drawn / drawn.sum()

    decades = a_card(somebody(years=YearStats(1990, 1, shares))).decades

    assert decades == pytest.approx(shares, abs=0.03)
    assert sum(decades) == pytest.approx(1)


def test_the_decades_of_somebody_of_two_are_halves_in_their_places() -> None:
    shares = np.zeros(DECADES, np.float32)
    shares[[0, DECADES - 1]] = 0.5

    assert a_card(somebody(years=YearStats(1990, 1, shares))).decades == (0.5, *[0.0] * (DECADES - 2), 0.5)
