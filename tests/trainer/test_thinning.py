from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of
from tests.builders import WordEncoder, a_community, a_playlist, a_profile, a_track, features_of
from trainer.thinning import thinned

shares = st.floats(0, 1)
names = st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=20)


def _vectors(*people: UserFeatures) -> TextVectors:
    return TextVectors({text for one in people for text in mixtures_of(one.listening).texts()}, WordEncoder())


def _person(artists: Sequence[str], user_id: str = "ann") -> UserFeatures:
    return features_of(a_profile(user_id, a_playlist("first", *artists[::2]), a_playlist("second", *artists)))[0]


def _left(person: UserFeatures, share: float) -> set[str]:
    return thinned(person, share, _vectors(person)).listening.artists


def test_a_community_loses_about_the_share() -> None:
    people = features_of(*a_community(100))
    vectors = _vectors(*people)

    left = [len(thinned(person, 0.3, vectors).listening.artists) / len(person.listening.artists) for person in people]

    # One of each person's 14 artists is safe.
    assert np.mean(left) == pytest.approx(1 - 0.3 * 13 / 14, abs=0.04)


@given(names, shares)
def test_nobody_loses_everything_or_gains_anything(artists: list[str], share: float) -> None:
    person = _person(artists)

    assert set() < _left(person, share) <= person.listening.artists


@given(names)
def test_one_artist_is_left_where_all_would_be_lost(artists: list[str]) -> None:
    assert len(_left(_person(artists), 1.0)) == 1


def test_where_nothing_is_lost_the_person_is_as_before() -> None:
    (person,) = features_of(*a_community(1))

    same = thinned(person, 0.0, _vectors(person))

    assert same.listening == person.listening
    for was, became in [(person.genre, same.genre), (person.artist, same.artist), (person.playlist, same.playlist)]:
        np.testing.assert_allclose(became, was, atol=1e-6)


@given(names, shares)
def test_the_same_person_always_loses_the_same(artists: list[str], share: float) -> None:
    person = _person(artists)

    assert thinned(person, share, _vectors(person)).listening == thinned(person, share, _vectors(person)).listening


def test_the_order_of_playlists_and_tracks_does_not_matter() -> None:
    assert _left(_person("abcdefghijkl"), 0.5) == _left(_person("lkjihgfedcba"), 0.5)


def test_another_person_of_the_same_taste_loses_something_else() -> None:
    kept = {frozenset(_left(_person("abcdefghijkl", f"person-{number}"), 0.5)) for number in range(10)}

    assert len(kept) > 5


@given(names, shares, shares)
def test_who_loses_more_keeps_nothing_that_was_lost_before(artists: list[str], one: float, other: float) -> None:
    person = _person(artists)

    assert _left(person, max(one, other)) <= _left(person, min(one, other))


def test_vectors_and_years_fit_what_is_left() -> None:
    (person,) = features_of(*a_community(1))
    vectors = _vectors(person)

    fewer = thinned(person, 0.5, vectors)

    mixtures = mixtures_of(fewer.listening)
    told = [(fewer.genre, mixtures.genre), (fewer.artist, mixtures.artist), (fewer.playlist, mixtures.playlist)]
    for vector, mixture in told:
        assert vector is not None
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        np.testing.assert_array_equal(vector, vectors.blend(mixture))
    assert person.artist is not None
    assert 0.3 < float(fewer.artist @ person.artist) < 0.99
    assert fewer.listening.genres.keys() == fewer.listening.artists
    assert fewer.years is not None
    assert fewer.years.decades.sum() == pytest.approx(1)


def test_what_was_told_of_lost_artists_alone_is_missing_afterwards() -> None:
    lost = min(set("abcdefghijkl") - _left(_person("abcdefghijkl"), 0.5))
    tracks = [a_track(name, genres=["folk"], release_year=1971) if name == lost else name for name in "abcdefghijkl"]
    (person,) = features_of(a_profile("ann", a_playlist("p", *tracks)))

    fewer = thinned(person, 0.5, _vectors(person))

    assert person.genre is not None
    assert person.years is not None
    assert fewer.genre is None
    assert fewer.years is None
    assert fewer.coverage.genres == 0


def test_who_a_person_is_stays() -> None:
    (person,) = features_of(*a_community(1))

    fewer = thinned(person, 0.5, _vectors(person))

    assert (fewer.user_id, fewer.source, fewer.text_model) == (person.user_id, person.source, person.text_model)
