from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from trainer.factors import (
    idf,
    item_factors,
    ppmi_factors,
    ridge,
    rotation,
    spherical_kmeans,
    unit,
    unit_sparse,
)

matrices = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.just(0.0) | st.floats(2**-10, 1000, width=32) | st.floats(-1000, -(2**-10), width=32),
)
seeds = st.integers(0, 1000)


def _random(rows: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, width)).astype(np.float32)


def _blocks(blocks: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """How often items occur together, much oftener within a block than across; and the block of each."""
    block = np.arange(blocks * items) % blocks
    together = np.where(block[:, None] == block[None, :], 20.0, 1.0)
    return together + np.random.default_rng(0).integers(0, 3, together.shape), block


@given(matrices)
def test_rows_have_unit_length_and_their_direction_and_zero_rows_stay_zero(rows: np.ndarray) -> None:
    found = unit(rows)

    lengths = np.linalg.norm(rows, axis=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), lengths > 0, atol=1e-5)
    np.testing.assert_allclose(found * lengths[:, None], rows, rtol=1e-4, atol=1e-4)


@given(matrices)
def test_sparse_rows_are_brought_to_unit_length_alike(rows: np.ndarray) -> None:
    np.testing.assert_allclose(unit_sparse(sparse.csr_matrix(rows)).toarray(), unit(rows), atol=1e-5)


@given(st.integers(1, 10_000), st.data())
def test_idf_is_its_formula_and_falls_with_how_many_contain_it(total: int, data: st.DataObject) -> None:
    fewer, more = sorted(data.draw(st.tuples(st.integers(0, total), st.integers(0, total))))

    rarer, commoner = idf(np.array([fewer, more]), total)

    assert rarer == pytest.approx(log((1 + total) / (1 + fewer)), abs=1e-5)
    assert rarer >= commoner >= 0


def test_what_everybody_has_tells_nothing() -> None:
    assert idf(np.array([50.0]), 50).tolist() == [0.0]


@given(seeds, st.integers(1, 4))
def test_item_factors_span_the_rows_of_a_matrix_of_low_rank(seed: int, rank: int) -> None:
    matrix = _random(30, rank, seed) @ _random(rank, 12, seed + 1)

    factors = item_factors(sparse.csr_matrix(matrix), rank)

    assert factors.shape == (12, rank)
    np.testing.assert_allclose(factors.T @ factors, np.eye(rank), atol=1e-4)
    np.testing.assert_allclose(matrix @ factors @ factors.T, matrix, atol=1e-3)


@given(seeds)
def test_item_factors_are_the_leading_singular_vectors_in_order(seed: int) -> None:
    left, _ = np.linalg.qr(_random(20, 6, seed))
    right, _ = np.linalg.qr(_random(9, 6, seed + 1))
    matrix = left * np.array([9, 7, 5, 3, 1, 0.5], np.float32) @ right.T

    factors = item_factors(sparse.csr_matrix(matrix), 4)

    np.testing.assert_allclose(np.abs(np.sum(factors * right[:, :4], axis=0)), 1, atol=1e-3)


def test_one_matrix_has_one_factoring_to_the_sign() -> None:
    matrix = sparse.random(40, 25, 0.3, "csr", np.float32, np.random.default_rng(0))

    factors = item_factors(matrix, 6)

    np.testing.assert_array_equal(factors, item_factors(matrix.copy(), 6))
    assert (factors[np.abs(factors).argmax(axis=0), np.arange(6)] > 0).all()


def test_items_that_occur_together_are_near() -> None:
    together, block = _blocks(4, 10)
    together = together + together.T

    vectors = ppmi_factors(sparse.csr_matrix(together), 4)

    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines, same = vectors @ vectors.T, block[:, None] == block[None, :]
    assert cosines[same].min() > 0.8
    assert np.abs(cosines[~same]).max() < 0.3


def test_how_often_an_item_occurs_with_itself_is_not_looked_at() -> None:
    together, _ = _blocks(3, 6)
    together = together + together.T
    other = together.copy()
    np.fill_diagonal(other, 10_000)

    one, same = (ppmi_factors(sparse.csr_matrix(counts), 3) for counts in (together, other))

    np.testing.assert_array_equal(one, same)


def test_an_item_that_occurs_with_nothing_has_no_vector() -> None:
    together, _ = _blocks(3, 6)
    together = together + together.T
    together[5, :] = together[:, 5] = 0

    lengths = np.linalg.norm(ppmi_factors(sparse.csr_matrix(together), 3), axis=1)

    np.testing.assert_allclose(lengths, np.arange(18) != 5, atol=1e-4)


@given(seeds, st.floats(0.1, 100))
def test_ridge_is_its_closed_form(seed: int, strength: float) -> None:
    inputs, targets = _random(20, 6, seed), _random(20, 3, seed + 1)
    stacked = np.vstack([inputs, np.sqrt(strength) * np.eye(6)])

    weights = ridge(sparse.csr_matrix(inputs), targets, strength)

    expected, *_ = np.linalg.lstsq(stacked, np.vstack([targets, np.zeros((6, 3))]), rcond=None)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, expected, atol=1e-3)


def test_a_stronger_ridge_gives_smaller_weights_even_of_a_column_without_entries() -> None:
    inputs, targets = _random(20, 6), _random(20, 3, 1)
    inputs[:, 2] = 0

    sizes = [np.linalg.norm(ridge(sparse.csr_matrix(inputs), targets, strength)) for strength in (0.1, 10, 1000)]

    assert sizes == sorted(sizes, reverse=True)
    assert not ridge(sparse.csr_matrix(inputs), targets, 1)[2].any()


def _clusters(count: int, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows near to ``count`` orthogonal directions, cluster after cluster; and these directions."""
    directions = np.eye(count, 12, dtype=np.float32)
    return unit(np.repeat(directions, people, axis=0) + 0.1 * _random(count * people, 12)), directions


def test_separated_clusters_are_recovered() -> None:
    rows, directions = _clusters(5, 40)

    centers = spherical_kmeans(rows, 5)

    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1, atol=1e-5)
    near = centers @ directions.T
    assert sorted(near.argmax(axis=1)) == [0, 1, 2, 3, 4]
    assert near.max(axis=1).min() > 0.99


@given(seeds, st.integers(1, 6))
def test_rows_are_nearer_to_their_centers_than_to_those_begun_with(seed: int, count: int) -> None:
    rows = unit(_random(30, 4, seed))
    begun = rows[np.linspace(0, 29, count).astype(int)]

    centers = spherical_kmeans(rows, count)

    assert (rows @ centers.T).max(axis=1).mean() >= (rows @ begun.T).max(axis=1).mean() - 1e-5


def test_more_clusters_than_rows_are_as_many_as_rows() -> None:
    rows = unit(_random(3, 4))

    np.testing.assert_allclose(spherical_kmeans(rows, 10), rows, atol=1e-6)


def test_clusters_leave_the_rows_as_they_were_and_cope_with_equal_and_empty_ones() -> None:
    rows = np.repeat(np.eye(2, 4, dtype=np.float32), 5, axis=0)
    rows[0] = 0
    before = rows.copy()

    centers = spherical_kmeans(rows, 6)

    assert centers.shape == (6, 4)
    assert np.isfinite(centers).all()
    np.testing.assert_array_equal(rows, before)


@given(seeds, st.integers(1, 6))
def test_a_known_turn_is_recovered(seed: int, width: int) -> None:
    turn, _ = np.linalg.qr(_random(width, width, seed))
    moving = _random(40, width, seed + 1)

    np.testing.assert_allclose(rotation(moving, moving @ turn), turn, atol=1e-4)


@given(seeds)
def test_a_rotation_keeps_cosines_and_brings_unlike_rows_as_near_as_it_can(seed: int) -> None:
    moving, fixed = _random(15, 4, seed), _random(15, 4, seed + 1)
    other, _ = np.linalg.qr(_random(4, 4, seed + 2))

    turn = rotation(moving, fixed)

    np.testing.assert_allclose(turn.T @ turn, np.eye(4), atol=1e-5)
    assert np.linalg.norm(moving @ turn - fixed) <= np.linalg.norm(moving @ other - fixed) + 1e-4
    assert np.linalg.norm(moving @ turn - fixed) <= np.linalg.norm(moving - fixed) + 1e-4
