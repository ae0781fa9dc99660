"""Metrics of retrieval, by their textbook definitions. Pure numpy. Ties count against the method under test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Similarities = npt.NDArray[np.floating]


def ranks(similarities: Similarities, answers: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Rank (from 1) of each query's one right answer among all columns.

    Args:
        similarities: [queries, gallery].
        answers: [queries], column of the right answer.

    Returns:
        [queries]; everyone at least as similar as the answer stands before it, so equal vectors earn nothing.
    """
    own = similarities[np.arange(len(answers)), answers]
    not_below = ~(similarities < own[:, None])  # NaN counts against, too
    return not_below.sum(axis=1)


def reciprocal_ranks(similarities: Similarities, answers: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """1 / rank per query; the mean is the MRR."""
    return 1.0 / ranks(similarities, answers)


def hits_at(k: int, rank: npt.NDArray[np.intp]) -> float:
    """Hit rate: the share of queries whose answer is among the first ``k``."""
    return float((rank <= k).mean())


def top(similarities: Similarities, k: int) -> npt.NDArray[np.intp]:
    """Columns of the ``k`` most similar, [queries, k], best first, ties by column."""
    return np.argsort(-similarities, axis=1, kind="stable")[:, :k]


def first_relevant_hit(similarities: Similarities, relevant: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
    """Per query, whether a relevant column is among the first ``k``, ties with others counting against it."""
    best = np.where(relevant, similarities, -np.inf).max(axis=1)
    others_before = (~relevant & ~(similarities < best[:, None])).sum(axis=1)
    return relevant.any(axis=1) & (others_before < k)


def auc(positive: Similarities, negative: Similarities) -> float:
    """Chance that a positive stands above its own negative, ties half (Mann-Whitney); both [pairs]."""
    return float((positive > negative).mean() + 0.5 * (positive == negative).mean())
