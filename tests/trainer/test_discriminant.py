from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import WordEncoder, a_community, features_of
from trainer.census import census_of
from trainer.community import Widths, learn
from trainer.discriminant import center_of, discriminant
from trainer.inputs import PARTS, Inputs, inputs_of, widths_of

WIDTHS = (3, 2, 3, 2, 2, 2, 1, 2, 3)
SIZE = sum(WIDTHS)
PERSON, NOISE = 3, 4
"""Directions that tell people apart, and directions in which two views of a person differ much."""
START = np.cumsum([0, *WIDTHS])


@dataclass(frozen=True)
class Community:
    """Pairs of views, and the directions (orthonormal columns) that they were made of."""

    left: Inputs
    right: Inputs
    person: np.ndarray
    noise: np.ndarray

    def sides(self) -> list[tuple[Inputs, Inputs]]:
        return [(self.left, self.right)]


def people_with_two_views(
    people: int = 1500, seed: int = 0, *, everywhere: float = 0.2, present: np.ndarray | None = None
) -> Community:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))
    person, noise = turn[:, :PERSON], turn[:, PERSON : PERSON + NOISE]
    factors = rng.standard_normal((people, PERSON)) @ person.T

    def view() -> Inputs:
        apart = 3 * rng.standard_normal((people, NOISE)) @ noise.T + everywhere * rng.standard_normal((people, SIZE))
        seen = np.ones((people, len(PARTS)), bool) if present is None else present
        return Inputs((5 + factors + apart).astype(np.float32), seen)

    return Community(view(), view(), person, noise)


def _projected(inputs: Inputs, center: np.ndarray, projection: np.ndarray) -> np.ndarray:
    return np.where(np.repeat(inputs.present, WIDTHS, axis=1), inputs.values - center, 0) @ projection


def _columns(part: int) -> slice:
    return slice(START[part], START[part + 1])


def _mrr(one: np.ndarray, other: np.ndarray) -> float:
    """How well a person's left view finds the right one, by cosine."""
    one, other = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9) for rows in (one, other))
    near = one @ other.T
    return float((1 / (near >= np.diag(near)[:, None]).sum(axis=1)).mean())


def _within_to_between(one: np.ndarray, other: np.ndarray) -> float:
    means = (one + other) / 2
    return float(((one - other) ** 2).sum() / ((means - means.mean(axis=0)) ** 2).sum())


def test_the_projection_finds_the_directions_that_tell_people_apart() -> None:
    community = people_with_two_views()

    _, projection = discriminant(community.sides, WIDTHS, PERSON, ridge=0.01)

    assert projection.shape == (SIZE, PERSON)
    assert projection.dtype == np.float32
    found, _ = np.linalg.qr(projection)
    assert np.linalg.svd(community.person.T @ found, compute_uv=False).min() > 0.98
    assert np.abs(community.noise.T @ found).max() < 0.15


def test_views_of_new_people_find_each_other_better_than_in_the_raw_space() -> None:
    community = people_with_two_views()
    center, projection = discriminant(lambda: [_first(community, 1300)], WIDTHS, PERSON, ridge=0.1)
    left, right = community.left.take(np.arange(1300, 1500)), community.right.take(np.arange(1300, 1500))

    raw = [side.values - center for side in (left, right)]
    projected = [_projected(side, center, projection) for side in (left, right)]

    assert _mrr(*projected) > _mrr(*raw) + 0.2
    assert _within_to_between(*projected) < 0.2 * _within_to_between(*raw)


def _first(community: Community, count: int) -> tuple[Inputs, Inputs]:
    rows = np.arange(count)
    return community.left.take(rows), community.right.take(rows)


@given(st.integers(0, 1000), st.floats(0.01, 2))
def test_people_differ_more_against_their_views_than_before_whatever_the_ridge(seed: int, ridge: float) -> None:
    community = people_with_two_views(200, seed)
    center, projection = discriminant(community.sides, WIDTHS, 5, ridge)

    projected = [_projected(side, center, projection) for side in (community.left, community.right)]

    assert _within_to_between(*projected) < _within_to_between(community.left.values, community.right.values)


def test_the_first_directions_tell_most_and_what_tells_nothing_counts_little() -> None:
    community = people_with_two_views()

    _, projection = discriminant(community.sides, WIDTHS, PERSON + 5, ridge=0.1)

    first, _ = np.linalg.qr(projection[:, :PERSON])
    assert np.linalg.svd(community.person.T @ first, compute_uv=False).min() > 0.95
    lengths = np.linalg.norm(projection, axis=0)
    assert lengths[PERSON:].max() < 0.1 * lengths[:PERSON].min()


@pytest.mark.parametrize("everywhere", [0.2, 1.0])
def test_projected_people_have_unit_variance_in_all(everywhere: float) -> None:
    community = people_with_two_views(everywhere=everywhere)
    center, projection = discriminant(community.sides, WIDTHS, PERSON, ridge=0.001)

    rows = _projected(community.left, center, projection)

    assert (rows**2).sum(axis=1).mean() == pytest.approx(1, rel=0.1)


def test_directions_beyond_the_inputs_are_zero() -> None:
    _, projection = discriminant(people_with_two_views(200).sides, WIDTHS, SIZE + 7, ridge=0.1)
    _, narrower = discriminant(people_with_two_views(200).sides, WIDTHS, SIZE, ridge=0.1)

    assert projection.shape == (SIZE, SIZE + 7)
    assert not projection[:, SIZE:].any()
    np.testing.assert_allclose(projection[:, :SIZE], narrower, atol=1e-6)


def test_the_same_views_give_the_same_result() -> None:
    one, other = (discriminant(people_with_two_views(300).sides, WIDTHS, 4, ridge=0.1) for _ in range(2))

    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


def test_people_may_come_in_several_portions() -> None:
    community = people_with_two_views(300)
    portions = [
        (community.left.take(rows), community.right.take(rows)) for rows in np.array_split(np.arange(300), [20, 130])
    ]

    center, projection = discriminant(community.sides, WIDTHS, PERSON, ridge=0.1)
    same_center, same = discriminant(lambda: iter(portions), WIDTHS, PERSON, ridge=0.1)

    np.testing.assert_allclose(same_center, center, atol=1e-4)
    np.testing.assert_allclose(np.abs(same), np.abs(projection), atol=1e-3)


def test_left_and_right_may_change_places() -> None:
    community = people_with_two_views(300)

    _, one = discriminant(community.sides, WIDTHS, PERSON, ridge=0.1)
    _, other = discriminant(lambda: [(community.right, community.left)], WIDTHS, PERSON, ridge=0.1)

    np.testing.assert_allclose(np.abs(one), np.abs(other), atol=1e-4)


# What is missing


def _some_missing(people: int, seed: int = 0) -> np.ndarray:
    present = np.random.default_rng(seed).random((people, len(PARTS))) < 0.7
    present[:, 3] = False
    return present


def test_the_center_is_the_mean_of_each_part_over_those_who_have_it() -> None:
    present = _some_missing(50)
    community = people_with_two_views(50, present=present)

    center = center_of(community.sides(), WIDTHS)

    for part in range(len(PARTS)):
        rows = present[:, part]
        both = np.concatenate([side.values[rows, _columns(part)] for side in (community.left, community.right)])
        np.testing.assert_allclose(center[_columns(part)], both.mean(axis=0) if rows.any() else 0, atol=1e-4)


@pytest.mark.parametrize("rubbish", [1e4, np.nan])
def test_values_of_a_missing_part_are_not_looked_at(rubbish: float) -> None:
    present = _some_missing(200)
    community = people_with_two_views(200, present=present)
    expected = discriminant(community.sides, WIDTHS, PERSON, ridge=0.1)

    missing = ~np.repeat(present, WIDTHS, axis=1)
    for side in (community.left, community.right):
        side.values[missing] = rubbish
    found = discriminant(community.sides, WIDTHS, PERSON, ridge=0.1)

    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_a_part_that_nobody_has_gets_no_weight() -> None:
    community = people_with_two_views(200, present=_some_missing(200))

    center, projection = discriminant(community.sides, WIDTHS, PERSON, ridge=0.1)

    assert not center[_columns(3)].any()
    np.testing.assert_allclose(projection[_columns(3)], 0, atol=1e-6)
    assert projection[_columns(2)].any()


def test_nobody_at_all_gives_a_center_and_a_projection_of_zeros() -> None:
    nobody = people_with_two_views(0)

    center, projection = discriminant(nobody.sides, WIDTHS, PERSON, ridge=0.1)

    assert not center.any()
    assert not projection.any()


# Real inputs


def test_real_inputs_as_they_are_kept_find_each_other_through_noise() -> None:
    width = 48
    people = features_of(*a_community(60), encoder=WordEncoder(width))
    co_listening = learn(census_of(person.listening for person in people), Widths(8, 8, 4, 4))
    whole = inputs_of(people, co_listening, width)
    noisy = [
        Inputs(whole.values + np.random.default_rng(seed).normal(0, 0.1, whole.values.shape), whole.present).compact()
        for seed in (0, 1)
    ]
    widths = widths_of(co_listening, width)

    center, projection = discriminant(lambda: [(noisy[0], noisy[1])], widths, 16, ridge=0.5)

    assert center.shape == (sum(widths),)
    assert np.isfinite(projection).all()
    left, right = ((side.values.astype(np.float32) - center) @ projection for side in noisy)
    assert _mrr(left, right) > 0.9
