"""What a new version must prove before anybody sees it, and what it is measured by. Pure over a UserIndex."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.profile import UserId
from indexer.errors import IndexRejected
from indexer.ports import UserIndex

NEIGHBOURS = 10
QUANTILES = 1001
_PAIRS = 200_000
_MEND = "The live index was left as it is; run python -m indexer again."
_WIDER = (
    "The live index was left as it is. Let searches look at more people, with SOUNDALIKE_HNSW_EF and "
    "SOUNDALIKE_OVERSAMPLING, or, where many people are nearly the same, ask for less with SOUNDALIKE_MIN_RECALL."
)

Sample = tuple[Sequence[UserId], npt.NDArray[np.float32]]
"""User ids, and their vectors, float32 [n, width]."""


def check_count(index: UserIndex, expected: int) -> None:
    """Raises IndexRejected unless exactly the people that were added are in."""
    found = index.count()
    if found != expected:
        raise IndexRejected(f"The new index holds {found:,} people instead of {expected:,}.", _MEND)


def check_recall(index: UserIndex, sample: Sample, min_recall: float) -> float:
    """Recall@10 of the approximate search against exact search, over a sample of people who ask for their like.

    Raises:
        IndexRejected: it is below ``min_recall``.
    """
    hits = total = 0
    for user_id, vector in zip(*sample, strict=True):
        exact = {n.user_id for n in index.search(vector, NEIGHBOURS, exclude=[user_id], exact=True)}
        found = {n.user_id for n in index.search(vector, NEIGHBOURS, exclude=[user_id])}
        hits += len(exact & found)
        total += len(exact)
    recall = hits / total if total else 1.0
    if recall < min_recall:
        raise IndexRejected(f"Recall@10 is {recall:.3f}, below the {min_recall:.3f} that is asked for.", _WIDER)
    return recall


def similarity_quantiles(vectors: npt.NDArray[np.float32], seed: int) -> tuple[float, ...]:
    """Quantiles 0, 0.001, …, 1 of the cosine of two different random people; empty for fewer than two.

    Args:
        vectors: float32 [n, width], unit rows, a sample of everybody.
        seed: of the pairs drawn.
    """
    people = len(vectors)
    if people < 2:
        return ()
    rng = np.random.default_rng(seed)
    one = rng.integers(people, size=_PAIRS)
    other = (one + rng.integers(1, people, size=_PAIRS)) % people  # never the same person
    cosines = np.einsum("nw,nw->n", vectors[one], vectors[other])
    return tuple(np.quantile(cosines, np.linspace(0, 1, QUANTILES)).round(6).tolist())
