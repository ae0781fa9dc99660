"""What a proof says, as data: answers to questions, estimates with intervals, verdicts. Pure numpy.

How questions are asked lives in ``trainer.evaluation``; how a proof is written down in ``trainer.report``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
"""Bootstrap samples of an interval (Efron & Tibshirani 1993: 1,000 do for percentile intervals)."""
LEVEL = 0.95
"""Confidence level of every interval."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its percentile-bootstrap interval over people."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Answers:
    """How well a method answered, person by person.

    Attributes:
        values: float64 [people], each person's score.
        weights: float64 [people], how many questions the score is a mean of; the metric is the weighted mean.
    """

    values: Floats
    weights: Floats

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Answers:
        """Answers of one question a person."""
        array = np.asarray(values, np.float64)
        return cls(array, np.ones(len(array)))

    def mean(self) -> float:
        """The metric; NaN where nothing was asked."""
        total = self.weights.sum()
        return float(self.values @ self.weights / total) if total else float("nan")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a new model may take the live one's place.

    Attributes:
        accepted: True if it may.
        reason: one sentence for people.
        against: version of the model it was compared with; None for the first.
        differences: new minus old, by metric.
    """

    accepted: bool
    reason: str
    against: int | None = None
    differences: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """Everything that an evaluation found.

    Attributes:
        asked: people asked about, none of whom the model was trained on.
        among: people in the gallery.
        figures: method -> metric -> estimate; the model is the first method.
        graph: method -> health of its neighbour graph (``trainer.hubness``), by name.
        sizes: method -> bucket of profile size (``1-10`` artists) -> halves hit@10.
        cosines: kind of pair (``two halves of one person``) -> float32 cosines under the model.
        curve: epoch by epoch, each loss by name.
        verdict: of the gate; None where nothing was to be decided.
    """

    asked: int
    among: int
    figures: Mapping[str, Mapping[str, Estimate]]
    graph: Mapping[str, Mapping[str, float]]
    sizes: Mapping[str, Mapping[str, Estimate]]
    cosines: Mapping[str, npt.NDArray[np.float32]]
    curve: tuple[Mapping[str, float], ...] = ()
    verdict: Verdict | None = None


def estimate(answers: Answers, seed: int = 0) -> Estimate:
    """The metric with its interval, people resampled with replacement."""
    return _interval(answers.mean(), _resampled([answers], seed)[0])


def difference(new: Answers, old: Answers, seed: int = 0) -> Estimate:
    """New minus old with its interval, paired: both answered the same people, in one order.

    Raises:
        ValueError: they did not.
    """
    if len(new.values) != len(old.values):
        raise ValueError("the two answered different people")
    resampled = _resampled([new, old], seed)
    return _interval(new.mean() - old.mean(), resampled[0] - resampled[1])


def pooled(runs: list[Answers]) -> Answers:
    """The mean of several runs (seeds) over the same people, person by person."""
    return Answers(np.mean([run.values for run in runs], axis=0), runs[0].weights)


def _resampled(answers: Sequence[Answers], seed: int) -> Floats:
    """The metric of each of ``answers`` in each bootstrap sample, [answers, RESAMPLES]; one set of samples for all.

    People who were asked nothing are left out of the drawing. One sample at a time, so that memory does not grow
    with their number times the samples'.
    """
    asked = np.flatnonzero(np.any([each.weights > 0 for each in answers], axis=0))
    rng = np.random.default_rng([seed, len(asked)])
    weights = np.stack([each.weights[asked] for each in answers])
    scored = np.stack([each.values[asked] for each in answers]) * weights
    means = np.full((len(answers), RESAMPLES), np.nan)
    for sample in range(RESAMPLES if len(asked) else 0):
        drawn = np.bincount(rng.integers(len(asked), size=len(asked)), minlength=len(asked))
        means[:, sample] = (scored @ drawn) / np.maximum(weights @ drawn, 1e-12)
    return means


def _interval(mean: float, means: Floats) -> Estimate:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(mean, float(low), float(high))
