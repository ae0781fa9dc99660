import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retriever.diversity import candidates_for, diversified

WIDTH = 4
SHARES = st.floats(0, 1)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Vectors on a coarse grid, so that many are equal, most similar to the asker first; and how similar they are."""
    grid = draw(arrays(np.int8, st.tuples(st.integers(0, 12), st.just(WIDTH)), elements=st.integers(-1, 1)))
    grid = grid[grid.any(axis=1)].astype(np.float32)
    vectors = grid / np.linalg.norm(grid, axis=1, keepdims=True)
    similarities = np.einsum("nw,w->n", vectors, np.array([0.8, 0.6, 0, 0], np.float32))
    order = np.argsort(-similarities, kind="stable")
    return vectors[order], similarities[order]


@given(crowds(), st.integers(0, 15))
def test_without_diversity_the_order_is_that_of_similarity(crowd: tuple[np.ndarray, np.ndarray], k: int) -> None:
    vectors, similarities = crowd
    assert diversified(vectors, similarities, diversity=0, k=k) == [*range(min(k, len(vectors)))]


@given(crowds(), SHARES, st.integers(0, 15))
def test_k_different_people_are_named_the_most_similar_first(
    crowd: tuple[np.ndarray, np.ndarray], diversity: float, k: int
) -> None:
    vectors, similarities = crowd
    order = diversified(vectors, similarities, diversity=diversity, k=k)
    assert len(set(order)) == len(order) == min(k, len(vectors))
    assert set(order) <= set(range(len(vectors)))
    assert not order or order[0] == 0


@given(crowds(), SHARES, st.integers(0, 15))
def test_who_comes_first_does_not_depend_on_how_many_are_asked_for(
    crowd: tuple[np.ndarray, np.ndarray], diversity: float, k: int
) -> None:
    vectors, similarities = crowd
    everybody = diversified(vectors, similarities, diversity=diversity, k=len(vectors))
    assert diversified(vectors, similarities, diversity=diversity, k=k) == everybody[:k]


@given(crowds(), SHARES)
def test_everybody_who_is_named_has_the_best_marginal_relevance_of_those_who_are_left(
    crowd: tuple[np.ndarray, np.ndarray], diversity: float
) -> None:
    vectors, similarities = crowd
    order = diversified(vectors, similarities, diversity=diversity, k=len(vectors))
    cosines = vectors.astype(np.float64) @ vectors.T
    for place in range(1, len(order)):
        named, left = order[:place], order[place:]
        gains = {i: (1 - diversity) * similarities[i] - diversity * cosines[i, named].max() for i in left}
        assert gains[order[place]] == pytest.approx(max(gains.values()), abs=1e-6)


@given(SHARES.filter(lambda share: share > 0), st.integers(2, 30))
def test_people_who_are_all_the_same_stay_in_their_order(diversity: float, people: int) -> None:
    vectors = np.tile(np.array([0.6, 0.48, 0.64, 0], np.float32), (people, 1))
    similarities = np.full(people, 0.7, np.float32)
    assert diversified(vectors, similarities, diversity=diversity, k=people) == [*range(people)]


def test_a_twin_of_somebody_named_gives_way_to_somebody_who_is_nearly_as_near() -> None:
    first, twin, other = np.eye(3, WIDTH, dtype=np.float32)[[0, 0, 1]]
    vectors, similarities = np.stack([first, twin, other]), np.array([0.8, 0.8, 0.6])

    assert diversified(vectors, similarities, diversity=0.1, k=3) == [0, 1, 2]
    assert diversified(vectors, similarities, diversity=0.5, k=3) == [0, 2, 1]


def test_somebody_opposite_is_not_named_for_that_where_similarity_counts_more() -> None:
    vectors = np.array([[1, 0, 0, 0], [0.8, 0.6, 0, 0], [-1, 0, 0, 0]], np.float32)

    assert diversified(vectors, np.array([1, 0.8, -1]), diversity=0.4, k=2) == [0, 1]
    assert diversified(vectors, np.array([1, 0.8, -1]), diversity=1, k=2) == [0, 2]


@pytest.mark.parametrize(("k", "candidates"), [(1, 50), (12, 50), (13, 52), (100, 400), (1000, 400)])
def test_there_are_enough_to_choose_from_and_never_too_many(k: int, candidates: int) -> None:
    assert candidates_for(k) == candidates
