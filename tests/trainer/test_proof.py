import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainer.proof import LEVEL, Answers, Estimate, difference, estimate, pooled

CLOSE = 1e-9

scores = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1, width=32))


@st.composite
def answers(draw: st.DrawFn, runs: int = 1) -> tuple[Answers, ...]:
    """Answers of the same people, asked the same number of questions, in each of the runs."""
    people = draw(st.integers(1, 30))
    weights = draw(hnp.arrays(np.float64, people, elements=st.integers(1, 20).map(float)))
    values = hnp.arrays(np.float64, people, elements=st.floats(0, 1, width=32))
    return tuple(Answers(draw(values), weights) for _ in range(runs))


def _width(found: Estimate) -> float:
    return found.high - found.low


def _hits(people: int, rate: float = 0.3, seed: int = 0) -> Answers:
    return Answers.of(np.random.default_rng(seed).random(people) < rate)


@given(answers())
def test_an_interval_holds_the_metric_and_stays_among_the_scores(asked: tuple[Answers]) -> None:
    (one,) = asked

    found = estimate(one)

    assert found.mean == one.mean()
    assert found.low - CLOSE <= found.mean <= found.high + CLOSE
    assert one.values.min() - CLOSE <= found.low
    assert found.high <= one.values.max() + CLOSE


def test_an_interval_is_as_wide_as_the_normal_one_where_that_holds() -> None:
    hits = _hits(1000)
    error = hits.values.std() / np.sqrt(1000)

    found = estimate(hits)

    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.2 * error)


def test_four_times_as_many_people_halve_the_interval() -> None:
    few, many = estimate(_hits(400)), estimate(_hits(1600))

    assert _width(many) == pytest.approx(_width(few) / 2, rel=0.2)


def test_nearly_all_intervals_hold_the_truth_and_not_quite_all() -> None:
    found = [estimate(_hits(60, 0.5, seed)) for seed in range(150)]

    held = np.mean([each.low <= 0.5 <= each.high for each in found])

    assert LEVEL - 0.06 <= held < 1


def test_people_who_all_scored_the_same_leave_no_doubt() -> None:
    assert _width(estimate(Answers.of([0.4] * 20))) == pytest.approx(0, abs=CLOSE)


def test_the_same_answers_have_the_same_interval_and_another_seed_a_similar_one() -> None:
    hits = _hits(300)

    assert estimate(hits) == estimate(hits)
    assert estimate(hits, seed=1) != estimate(hits)
    assert estimate(hits, seed=1).low == pytest.approx(estimate(hits).low, abs=0.02)


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=9), min_size=1, max_size=20))
def test_a_metric_weighted_by_questions_is_the_mean_over_all_questions(hits: list[list[bool]]) -> None:
    weighted = Answers(np.array([np.mean(each) for each in hits]), np.array([float(len(each)) for each in hits]))

    assert weighted.mean() == pytest.approx(np.mean([hit for each in hits for hit in each]))


def test_a_person_asked_nothing_counts_for_nothing() -> None:
    asked = Answers(np.array([1.0, 0.5, 0.0]), np.array([2.0, 2.0, 0.0]))

    assert asked.mean() == 0.75
    assert estimate(asked).high == 1.0


def test_people_are_resampled_with_all_their_questions() -> None:
    even, uneven = np.ones(100), np.array([*[1.0] * 99, 900.0])
    values = np.array([*[0.0] * 99, 1.0])

    assert _width(estimate(Answers(values, uneven))) > 5 * _width(estimate(Answers(values, even)))


@given(scores, st.floats(-1, 1, width=32))
def test_answers_that_differ_by_a_constant_differ_without_doubt(values: np.ndarray, constant: float) -> None:
    found = difference(Answers.of(values + constant), Answers.of(values))

    assert [found.mean, found.low, found.high] == pytest.approx([constant] * 3, abs=CLOSE)


@given(answers(runs=2))
def test_the_other_way_round_a_difference_has_the_other_sign(both: tuple[Answers, Answers]) -> None:
    new, old = both

    there, back = difference(new, old), difference(old, new)

    assert [there.mean, there.low, there.high] == pytest.approx([-back.mean, -back.high, -back.low], abs=CLOSE)


@given(answers())
def test_nothing_differs_from_itself(asked: tuple[Answers]) -> None:
    assert difference(asked[0], asked[0]) == Estimate(0, 0, 0)


def test_a_small_gain_of_nearly_everybody_shows_though_people_differ_much() -> None:
    rng = np.random.default_rng(0)
    old = rng.random(300)
    new = old + rng.normal(0.01, 0.01, 300)

    assert difference(Answers.of(new), Answers.of(old)).low > 0
    assert estimate(Answers.of(new)).low < estimate(Answers.of(old)).high


def test_a_difference_is_weighted_by_questions_too() -> None:
    weights = np.array([9.0, 1.0])
    new, old = Answers(np.array([1.0, 0.0]), weights), Answers(np.array([0.0, 1.0]), weights)

    assert difference(new, old).mean == pytest.approx(0.8)


def test_answers_of_different_people_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different people"):
        difference(_hits(10), _hits(11))


@given(answers(runs=3))
def test_pooled_runs_have_the_mean_of_the_runs_metrics(runs: tuple[Answers, ...]) -> None:
    assert pooled(list(runs)).mean() == pytest.approx(np.mean([run.mean() for run in runs]))


def test_runs_are_pooled_person_by_person() -> None:
    weights = np.array([3.0, 1.0])
    found = pooled([Answers(np.array([1.0, 0.0]), weights), Answers(np.array([0.0, 0.0]), weights)])

    assert found.values.tolist() == [0.5, 0.0]
    assert found.weights.tolist() == [3.0, 1.0]


def test_luck_of_single_runs_makes_no_narrower_interval_over_people() -> None:
    people = np.random.default_rng(0).random(200)
    runs = [Answers.of(people) for _ in range(10)]

    assert _width(estimate(pooled(runs))) == pytest.approx(_width(estimate(runs[0])))
