import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainer.metrics import auc, first_relevant_hit, hits_at, ranks, reciprocal_ranks, top


def test_the_most_similar_answer_has_rank_one() -> None:
    similarities = np.array([[0.9, 0.1, 0.5], [0.9, 0.1, 0.5]])

    assert ranks(similarities, np.array([0, 1])).tolist() == [1, 3]
    assert reciprocal_ranks(similarities, np.array([0, 1])).tolist() == [1.0, pytest.approx(1 / 3)]
    assert hits_at(1, np.array([1, 3])) == 0.5


def test_a_model_that_gives_everybody_the_same_vector_finds_nobody() -> None:
    collapsed = np.ones((5, 20))

    assert ranks(collapsed, np.arange(5)).tolist() == [20] * 5
    relevant = np.zeros((5, 20), bool)
    relevant[:, 3] = True
    assert not first_relevant_hit(collapsed, relevant, 10).any()


def test_nan_similarities_earn_nothing() -> None:
    assert ranks(np.full((1, 4), np.nan), np.array([2])).tolist() == [4]


@given(hnp.arrays(np.float32, (4, 6), elements=st.floats(-1, 1, width=32)))
def test_ranks_agree_with_counting(similarities: np.ndarray) -> None:
    answers = np.array([0, 1, 2, 3])
    expected = [sum(s >= row[a] for s in row) for row, a in zip(similarities, answers, strict=True)]

    assert ranks(similarities, answers).tolist() == expected


def test_a_friend_among_the_first_k_is_a_hit() -> None:
    similarities = np.array([[0.9, 0.8, 0.7, 0.6]])

    assert first_relevant_hit(similarities, np.array([[False, False, True, False]]), 3).tolist() == [True]
    assert first_relevant_hit(similarities, np.array([[False, False, True, False]]), 2).tolist() == [False]
    assert first_relevant_hit(similarities, np.array([[False, False, False, False]]), 4).tolist() == [False]


def test_two_friends_do_not_stand_in_each_others_way() -> None:
    assert first_relevant_hit(np.array([[0.5, 0.5, 0.1]]), np.array([[True, True, False]]), 1).tolist() == [True]


def test_auc_is_the_chance_that_the_friend_stands_above_with_ties_half() -> None:
    assert auc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([0.1, 0.5, 0.5, 0.9])) == 0.5
    assert auc(np.array([0.9, 0.5]), np.array([0.1, 0.4])) == 1.0


def test_top_is_best_first_with_ties_by_column() -> None:
    assert top(np.array([[0.5, 0.9, 0.5]]), 3).tolist() == [[1, 0, 2]]
