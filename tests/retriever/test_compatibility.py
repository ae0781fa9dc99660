from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from features.profile import UserId
from features.user_features import DECADES, YearStats
from indexer.payload import pack
from indexer.ports import IndexVersion, PersonVector
from indexer.terms import numbered
from retriever.answers import Decade
from retriever.answers_compatibility import Compatibility
from retriever.compatibility import ONLY, compatibility
from retriever.explain import Yardstick
from tests.builders import NOW, a_playlist, a_profile, a_track, features_of

WIDTH = 8
VERSION = IndexVersion("users-v7-b2", 7, WIDTH, 2, NOW, NOW, 1.0, ())
RARE = {"a": 1, "b": 5, "c": 9}
YARDSTICK = Yardstick(numbered(RARE, {"pop": 3}), tuple(np.linspace(-1, 1, 1001)), 20)
"""Half of all pairs are at most at right angles."""


def a_unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(WIDTH)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def somebody(user_id: str, *artists: str, seed: int = 0, years: dict[int, float] | None = None) -> PersonVector:
    """``years``: share of the listening by number of decade; unknown if not given."""
    tracks = [a_track(name, genres=["pop"], plays=100 - place) for place, name in enumerate(artists)]
    (person,) = features_of(a_profile(user_id, a_playlist("p", *tracks)))
    shares = np.zeros(DECADES, np.float32)
    for decade, share in (years or {}).items():
        shares[decade] = share
    person = replace(person, years=YearStats(1990, 1, shares) if years else None, display_name=user_id.title())
    towers = np.random.default_rng(seed + 1).standard_normal((3, 4)).astype(np.float32)
    towers[seed % 4 :] = 0  # parts that are missing
    towers /= np.maximum(np.linalg.norm(towers, axis=1, keepdims=True), 1e-9)
    return PersonVector(UserId(user_id), a_unit(seed), pack(person, towers))


def fit(one: PersonVector, other: PersonVector, most: int = 20) -> Compatibility:
    return compatibility(one, other, VERSION, replace(YARDSTICK, max_reasons=most))


SHARES = st.dictionaries(st.integers(0, DECADES - 1), st.floats(0.1, 1), min_size=1)
PEOPLE = st.builds(
    lambda artists, seed, years: somebody("x", *artists, seed=seed, years=years),
    st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1),
    st.integers(0, 50),
    st.none() | SHARES.map(lambda drawn: {decade: share / sum(drawn.values()) for decade, share in drawn.items()}),
)


@given(PEOPLE, PEOPLE, st.integers(1, 8))
def test_it_is_the_same_from_both_sides_to_the_last_bit(one: PersonVector, other: PersonVector, most: int) -> None:
    one, other = replace(one, user_id=UserId("one")), replace(other, user_id=UserId("other"))
    there, back = fit(one, other, most), fit(other, one, most)

    eras = back.eras and replace(
        back.eras, decades=tuple(Decade(each.decade, each.other, each.one) for each in back.eras.decades)
    )
    assert there == replace(back, one=back.other, other=back.one, eras=eras)


@given(PEOPLE, PEOPLE)
def test_every_answer_is_what_the_document_says(one: PersonVector, other: PersonVector) -> None:
    answer = TypeAdapter(Compatibility)
    assert answer.validate_json(answer.dump_json(fit(one, other))) == fit(one, other)


@given(PEOPLE)
def test_nobody_fits_better_than_oneself(person: PersonVector) -> None:
    itself = fit(person, person)
    assert itself.score == 100
    assert itself.percentile >= 99.9
    assert itself.one == itself.other
    assert itself.one.only == ()
    assert itself.eras is None or itself.eras.overlap == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(("cosine", "score"), [(1, 100), (0.6, 60), (0, 0), (-0.6, 0)])
def test_the_score_is_the_similarity_in_percent_and_never_less_than_nothing(cosine: float, score: float) -> None:
    turned = np.zeros((2, WIDTH), np.float32)
    turned[0, 0] = 1
    turned[1, :2] = cosine, (1 - cosine**2) ** 0.5

    one, other = (replace(somebody("x", "a"), vector=vector) for vector in turned)

    assert fit(one, other).score == pytest.approx(score, abs=0.06)
    assert fit(one, other).similarity == pytest.approx(cosine, abs=1e-6)
    assert fit(one, other).percentile == pytest.approx(50 + 50 * cosine, abs=0.11)


def test_it_says_who_they_are_and_what_was_asked() -> None:
    found = fit(somebody("ann", "a"), somebody("bob", "b", seed=1))

    assert (found.model_version, found.index) == (7, "users-v7-b2")
    assert (found.one.user_id, found.one.display_name) == ("ann", "Ann")
    assert (found.other.user_id, found.other.display_name) == ("bob", "Bob")


def test_what_both_love_stands_rarest_first_and_what_one_loves_heaviest_first() -> None:
    found = fit(somebody("ann", "x", "c", "y", "a", "b"), somebody("bob", "b", "z", "C", "A"))

    assert found.shared_artists == ("a", "b", "c")
    assert found.shared_genres == ("pop",)
    assert (found.one.only, found.other.only) == (("x", "y"), ("z",))


def test_of_what_only_one_loves_the_first_few_are_named() -> None:
    many = [f"artist {number}" for number in range(ONLY + 3)]

    assert fit(somebody("ann", *many), somebody("bob", "a")).one.only == tuple(many[:ONLY])


def test_a_genre_that_is_called_as_an_artist_hides_nobody() -> None:
    assert fit(somebody("ann", "pop"), somebody("bob", "a")).one.only == ("pop",)


def test_confidence_is_that_of_the_person_of_whom_less_is_known() -> None:
    few, many = somebody("ann", "a", seed=3), somebody("bob", *(f"artist {number}" for number in range(90)), seed=3)

    assert fit(few, many).confidence == fit(many, few).confidence == pytest.approx(1 / 11, abs=1e-4)


def test_decades_stand_side_by_side_and_overlap_in_what_both_have() -> None:
    eras = fit(
        somebody("ann", "a", years={0: 0.25, 7: 0.75}), somebody("bob", "b", years={7: 0.5, DECADES - 1: 0.5})
    ).eras

    assert eras is not None
    assert [each.decade for each in eras.decades] == ["1920s", "1990s", "2030s"]
    assert [(each.one, each.other) for each in eras.decades] == [
        (pytest.approx(0.25, abs=0.003), 0),
        (pytest.approx(0.75, abs=0.003), 0.5),
        (0, 0.5),
    ]
    assert eras.overlap == 0.5


def test_people_of_different_times_do_not_overlap_and_of_unknown_times_nobody_can_say() -> None:
    early, late, unknown = (somebody("x", "a", years=years) for years in ({3: 1.0}, {9: 1.0}, None))

    assert fit(early, late).eras.overlap == 0
    assert fit(early, unknown).eras is fit(unknown, early).eras is fit(unknown, unknown).eras is None
