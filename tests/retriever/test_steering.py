import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retriever.errors import InvalidRequest
from retriever.steering import steered

WIDTH = 4
EAST, NORTH, UP = np.eye(WIDTH, dtype=np.float32)[:3]
NONE = np.zeros((0, WIDTH), np.float32)


def units(most: int, least: int = 0) -> st.SearchStrategy[np.ndarray]:
    grids = arrays(np.int8, st.tuples(st.integers(least, most), st.just(WIDTH)), elements=st.integers(-2, 2))
    return grids.filter(lambda grid: grid.any(axis=1).all()).map(
        lambda grid: (grid / np.linalg.norm(grid, axis=1, keepdims=True)).astype(np.float32)
    )


@given(units(1, 1), units(3), units(3))
def test_a_steered_question_is_of_unit_length(asker: np.ndarray, liked: np.ndarray, unliked: np.ndarray) -> None:
    query = steered(asker[0], liked, unliked)
    assert query.dtype == np.float32
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-6)


@given(units(1, 1))
def test_without_examples_the_asker_is_searched_for(asker: np.ndarray) -> None:
    assert steered(asker[0], NONE, NONE) == pytest.approx(asker[0], abs=1e-6)


@given(units(1, 1), units(1, 1))
def test_what_is_liked_is_nearer_than_before_and_what_is_not_is_farther(asker: np.ndarray, example: np.ndarray) -> None:
    before = float(asker[0] @ example[0])
    assume(abs(before) < 0.99)
    assert steered(asker[0], example, NONE) @ example[0] > before
    assert steered(asker[0], NONE, example) @ example[0] < before


@given(units(1, 1), units(3), units(3))
def test_examples_never_outweigh_the_asker(asker: np.ndarray, liked: np.ndarray, unliked: np.ndarray) -> None:
    assert steered(asker[0], liked, unliked) @ asker[0] > -1e-6


@given(units(1, 1), units(4, 1))
def test_the_order_of_examples_and_how_often_all_are_given_do_not_matter(asker: np.ndarray, liked: np.ndarray) -> None:
    once = steered(asker[0], liked, NONE)
    assert steered(asker[0], liked[::-1], NONE) == pytest.approx(once, abs=1e-6)
    assert steered(asker[0], np.concatenate([liked, liked]), NONE) == pytest.approx(once, abs=1e-6)


def test_likes_alone_turn_a_question_by_thirty_degrees_at_most() -> None:
    angles = np.linspace(0, np.pi, 721)
    liked = np.stack([np.cos(angles), np.sin(angles), 0 * angles, 0 * angles], axis=1).astype(np.float32)

    turned = [np.degrees(np.arccos(min(1, float(steered(EAST, row[None], NONE) @ EAST)))) for row in liked]

    assert max(turned) == pytest.approx(30, abs=0.1)


def test_nobody_in_particular_asks_with_the_mean_of_the_likes() -> None:
    assert steered(None, np.stack([EAST, NORTH]), NONE) == pytest.approx((EAST + NORTH) / 2**0.5)
    assert steered(None, EAST[None], UP[None]) == pytest.approx((EAST - 0.5 * UP) / 1.25**0.5)


def test_where_everything_cancels_the_asker_is_searched_for() -> None:
    assert steered(EAST, -EAST[None], EAST[None]).tolist() == EAST.tolist()


@pytest.mark.parametrize("liked", [NONE, np.stack([EAST, -EAST])], ids=["nothing", "opposites"])
def test_nobody_and_nothing_liked_is_no_question(liked: np.ndarray) -> None:
    with pytest.raises(InvalidRequest, match="something must be liked") as refused:
        steered(None, liked, UP[None])
    assert [finding.where for finding in refused.value.findings] == ["like"]
