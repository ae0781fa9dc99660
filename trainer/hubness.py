"""Health of a neighbour graph: who is recommended to whom how often (Radovanović et al., JMLR 2010). Pure numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.methods import Vectors, similarities
from trainer.metrics import top

K = 10
CHUNK = 512
"""People compared with everybody at once; bounds memory."""


def nearest(everybody: Vectors, k: int = K) -> npt.NDArray[np.intp]:
    """Rows of everybody's ``k`` nearest others, [people, k]; fewer where there are no more."""
    people = everybody.shape[0]
    found = []
    for start in range(0, people, CHUNK):
        near = similarities(everybody[start : start + CHUNK], everybody)
        near[np.arange(len(near)), np.arange(start, start + len(near))] = -np.inf
        found.append(top(near, min(k, people - 1)))
    return np.concatenate(found)


def graph_health(everybody: Vectors) -> dict[str, float]:
    """Largest and median k-occurrence at ten (in how many lists of ten a person stands), and coverage.

    Coverage is the share of people who stand in anybody's list at all.
    """
    lists = nearest(everybody)
    occurrence = np.bincount(lists.ravel(), minlength=len(lists))
    return {
        "largest_k_occurrence": float(occurrence.max()),
        "median_k_occurrence": float(np.median(occurrence)),
        "coverage": float((occurrence > 0).mean()),
    }


def overlap(one: Vectors, other: Vectors) -> float:
    """Mean share of everybody's ten nearest that two embeddings of the same people agree on."""
    mine, theirs = nearest(one), nearest(other)
    shared = [len(set(a) & set(b)) for a, b in zip(mine.tolist(), theirs.tolist(), strict=True)]
    return float(np.mean(shared)) / max(mine.shape[1], 1)
