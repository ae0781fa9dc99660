import numpy as np
import pytest

from trainer.gate import GATED, judge
from trainer.proof import Answers


def a_model(people: int = 400, **shift: float) -> dict[str, Answers]:
    """Answers about the same people, in all metrics that decide; some of them shifted a little, person by person."""
    rng = np.random.default_rng(0)
    values = {name: rng.random(people) for name in GATED}
    luck = {name: rng.normal(0, 0.1, people) for name in GATED}
    return {
        name: Answers.of(values[name] + (shift[name] + luck[name] - luck[name].mean() if name in shift else 0))
        for name in GATED
    }


def test_a_model_takes_the_place_of_its_equal() -> None:
    verdict = judge(a_model(), a_model(), against=7)

    assert verdict.accepted
    assert verdict.against == 7
    assert "model 7" in verdict.reason
    assert verdict.differences.keys() == set(GATED)
    assert all(found.mean == found.low == found.high == 0 for found in verdict.differences.values())


def test_a_better_model_is_accepted() -> None:
    verdict = judge(a_model(**dict.fromkeys(GATED, 0.2)), a_model(), against=1)

    assert verdict.accepted
    assert all(found.low > 0 for found in verdict.differences.values())


@pytest.mark.parametrize("metric", GATED)
def test_one_metric_clearly_worse_holds_a_model_back_and_is_told(metric: str) -> None:
    verdict = judge(a_model(**{metric: -0.05}), a_model(), against=12)

    assert not verdict.accepted
    assert verdict.against == 12
    assert "model 12" in verdict.reason
    assert [name for name in GATED if name in verdict.reason] == [metric]
    assert f"{metric} by 0.050" in verdict.reason
    assert verdict.differences.keys() == set(GATED)


def test_all_that_is_clearly_worse_is_told() -> None:
    verdict = judge(a_model(halves_mrr=-0.1, friend_auc=-0.2), a_model(), against=1)

    assert [name for name in GATED if name in verdict.reason] == ["halves_mrr", "friend_auc"]


def test_what_is_better_does_not_make_up_for_what_is_worse() -> None:
    shift = dict.fromkeys(GATED[1:], 0.5)

    assert not judge(a_model(**shift, **{GATED[0]: -0.05}), a_model(), against=1).accepted


def test_a_little_worse_within_the_noise_is_accepted() -> None:
    verdict = judge(a_model(**dict.fromkeys(GATED, -0.004)), a_model(), against=1)

    assert all(found.low < found.mean < 0 < found.high for found in verdict.differences.values())
    assert verdict.accepted


def test_the_same_little_shows_where_many_more_people_were_asked() -> None:
    worse = a_model(5000, halves_mrr=-0.004)

    assert not judge(worse, a_model(5000), against=1).accepted


@pytest.mark.parametrize("without", ["new", "live"])
def test_what_only_one_of_both_was_asked_is_not_compared(without: str) -> None:
    models = {"new": a_model(friend_auc=-0.5, friend_hit_at_10=-0.5), "live": a_model()}
    del models[without]["friend_auc"], models[without]["friend_hit_at_10"]

    verdict = judge(models["new"], models["live"], against=1)

    assert verdict.accepted
    assert verdict.differences.keys() == set(GATED) - {"friend_auc", "friend_hit_at_10"}
    assert "3 metrics" in verdict.reason


def test_metrics_that_do_not_decide_hold_nobody_back() -> None:
    worse, better = {"halves_hit_at_1": Answers.of(np.zeros(50))}, {"halves_hit_at_1": Answers.of(np.ones(50))}

    verdict = judge(a_model() | worse, a_model() | better, against=1)

    assert verdict.accepted
    assert "halves_hit_at_1" not in verdict.differences
