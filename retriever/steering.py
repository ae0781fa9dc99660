"""A question bent by examples: towards what is liked, away from what is not. Pure; vectors in, one vector out.

Rocchio's relevance feedback (1971) on the unit sphere. Where the vectors come from lives in ``retriever.examples``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.errors import Finding, InvalidRequest

Vectors = npt.NDArray[np.float32]

WEIGHT = 0.5
"""Of the likes, and of the dislikes, where the asker weighs 1: so both together never outweigh the asker, whose own
taste an answer is about, and either alone turns a question by no more than 30 degrees."""
_NOTHING = 1e-3  # a length below which a direction is but the rounding of what has cancelled


def steered(asker: Vectors | None, liked: Vectors, unliked: Vectors) -> Vectors:
    """The vector to search with: unit(asker + WEIGHT * mean(liked) - WEIGHT * mean(unliked)).

    Without an asker the mean of the likes takes the asker's place. Where everything cancels, the asker alone is
    searched for.

    Args:
        asker: float32 [width], of unit length; None if nobody in particular asks.
        liked: float32 [m, width], unit rows; m may be 0.
        unliked: float32 [n, width], unit rows; n may be 0.

    Returns:
        float32 [width], of unit length.

    Raises:
        InvalidRequest: there is no asker, and nothing is liked or the likes cancel each other.
    """
    towards, away = _mean(liked), _mean(unliked)
    if asker is not None:
        start = asker.astype(np.float64)
        query = start + WEIGHT * towards - WEIGHT * away
    elif _length(towards) > _NOTHING:
        start = towards / _length(towards)
        query = start - WEIGHT * away
    else:
        raise InvalidRequest([Finding("like", "without an asker, something must be liked that points somewhere")])
    if _length(query) <= _NOTHING:
        query = start
    return (query / _length(query)).astype(np.float32)


def _mean(vectors: Vectors) -> npt.NDArray[np.float64]:
    """The mean of the rows, zero for none."""
    return vectors.sum(axis=0, dtype=np.float64) / max(len(vectors), 1)


def _length(vector: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(vector @ vector))
