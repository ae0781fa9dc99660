import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from trainer import hubness
from trainer.hubness import K, graph_health, nearest, overlap


def people_at_random(people: int, width: int = 16, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((people, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def a_hub_among(others: int) -> np.ndarray:
    """One person (the first row) whom everybody is nearest to; the others are all equally far from each other."""
    rows = np.eye(others + 1, dtype=np.float32)
    rows[1:] *= 0.8
    rows[1:, 0] = 0.6
    return rows


def in_circles(circles: int, people: int) -> np.ndarray:
    """People on the corners of a regular polygon, each circle far from all others: nobody is more central."""
    angle = 2 * np.pi * np.arange(people) / people
    rows = np.zeros((circles * people, 3 * circles), np.float32)
    for circle in range(circles):
        corner = slice(circle * people, (circle + 1) * people)
        rows[corner, 3 * circle : 3 * circle + 3] = np.stack([np.cos(angle), np.sin(angle), np.ones(people)], axis=1)
    return rows / np.sqrt(2, dtype=np.float32)


def test_a_hub_stands_in_everybodys_list() -> None:
    health = graph_health(a_hub_among(40))

    assert health["largest_k_occurrence"] == 40
    assert (nearest(a_hub_among(40))[1:, 0] == 0).all()


def test_only_those_in_a_list_are_covered() -> None:
    # Ties are by row: the hub's ten are rows 1 to 10, theirs are the hub and nine of the same.
    health = graph_health(a_hub_among(40))

    assert health["coverage"] == 11 / 41
    assert health["median_k_occurrence"] == 0


def test_who_stands_in_a_single_list_is_covered() -> None:
    # Everybody on the circle has ten others there; the two outside have only each other.
    outside = np.array([[0, 0, -1], [0.05, 0, -1]], np.float32)
    outside /= np.linalg.norm(outside, axis=1, keepdims=True)

    lists = nearest(np.vstack([in_circles(circles=1, people=11), outside]))
    health = graph_health(np.vstack([in_circles(circles=1, people=11), outside]))

    assert np.bincount(lists.ravel())[11:].tolist() == [1, 1]
    assert health["coverage"] == 1


def test_where_nobody_is_central_everybody_stands_in_ten_lists() -> None:
    assert graph_health(in_circles(circles=3, people=11)) == {
        "largest_k_occurrence": 10,
        "median_k_occurrence": 10,
        "coverage": 1,
    }


@given(st.integers(11, 60), st.integers(0, 1000))
def test_everybody_has_a_list_of_ten_others(people: int, seed: int) -> None:
    lists = nearest(people_at_random(people, seed=seed))

    assert np.bincount(lists.ravel(), minlength=people).sum() == K * people
    assert all(len({*line, row}) == K + 1 for row, line in enumerate(lists.tolist()))


@given(st.integers(12, 60), st.integers(0, 1000))
def test_health_is_that_of_the_lists(people: int, seed: int) -> None:
    rows = people_at_random(people, seed=seed)
    listed = nearest(rows).tolist()
    occurrence = [sum(person in line for line in listed) for person in range(people)]

    health = graph_health(rows)

    assert health["largest_k_occurrence"] == max(occurrence)
    assert health["median_k_occurrence"] == np.median(occurrence)
    assert health["coverage"] == pytest.approx(np.mean([count > 0 for count in occurrence]))


def test_the_nearest_are_the_most_similar_best_first_however_people_are_cut_into_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = people_at_random(50)
    cosines = rows @ rows.T
    expected = [
        sorted((other for other in range(50) if other != row), key=lambda other, row=row: -cosines[row, other])[:K]
        for row in range(50)
    ]

    whole = nearest(rows).tolist()
    monkeypatch.setattr(hubness, "CHUNK", 7)

    assert whole == expected
    assert nearest(rows).tolist() == expected


def test_sparse_people_have_the_neighbours_of_dense_ones() -> None:
    rows = np.where(np.random.default_rng(0).random((40, 30)) < 0.3, people_at_random(40, 30), 0)

    assert nearest(sparse.csr_matrix(rows)).tolist() == nearest(rows).tolist()


@pytest.mark.parametrize("people", [1, 2, 10])
def test_a_list_is_as_long_as_there_are_others(people: int) -> None:
    rows = people_at_random(people)

    assert nearest(rows).shape == (people, people - 1)
    assert graph_health(rows)["largest_k_occurrence"] == people - 1


def test_an_embedding_agrees_with_itself_in_everything() -> None:
    assert overlap(people_at_random(100), people_at_random(100)) == 1


def test_a_turned_embedding_agrees_because_cosines_stay() -> None:
    rows = people_at_random(200)
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((16, 16)))

    assert overlap(rows, rows @ turn.astype(np.float32)) == pytest.approx(1, abs=0.005)


def test_strangers_agree_no_more_than_by_chance() -> None:
    one, other = people_at_random(300, seed=1), people_at_random(300, seed=2)

    assert overlap(one, other) == pytest.approx(10 / 299, abs=0.01)


def test_two_embeddings_agree_the_less_the_more_they_differ() -> None:
    rows, noise = people_at_random(200), people_at_random(200, seed=1)

    agreed = [overlap(rows, rows + much * noise) for much in (0.0, 0.2, 0.6, 2.0)]

    assert agreed == sorted(agreed, reverse=True)
    assert overlap(rows, noise) == overlap(noise, rows)
