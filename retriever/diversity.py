"""Different people instead of the same taste many times over: maximal marginal relevance. Pure.

Carbonell and Goldstein, SIGIR 1998: whoever comes next is near to the asker and far from those who were named already.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_PER_ANSWER, _FEWEST, _MOST = 4, 50, 400


def candidates_for(k: int) -> int:
    """How many of the nearest people to choose ``k`` from: four for each, 50 to 400.

    Fewer leave no choice, and many more would fill the answer with people who are hardly alike.
    """
    return min(max(_PER_ANSWER * k, _FEWEST), _MOST)


def diversified(
    vectors: npt.NDArray[np.float32], similarities: npt.NDArray[np.floating], *, diversity: float, k: int
) -> list[int]:
    """The places of the ``k`` people to name, in the order to name them; fewer where there are fewer.

    The most similar person always comes first. The first places are the same whatever ``k`` is.

    Args:
        vectors: of the candidates, float32 [n, width], unit rows.
        similarities: cosine of each with the asker, [n].
        diversity: from 0, the order of similarity alone, to 1, where only the first is named for being similar.
        k: how many to name.

    Equal scores are told apart by place, so candidates who come most similar first, ties by id, stay so.
    """
    relevance = (1.0 - diversity) * np.asarray(similarities, np.float64)
    repeated = np.full(len(relevance), -np.inf)  # the cosine with whoever of the chosen is nearest
    chosen: list[int] = []
    score = np.asarray(similarities, np.float64).copy()
    for _ in range(min(k, len(score))):
        best = int(score.argmax())
        chosen.append(best)
        # Not a matrix product, which may tell equal rows apart by where they stand.
        np.maximum(repeated, np.einsum("nw,w->n", vectors, vectors[best]), out=repeated)
        score = relevance - diversity * repeated
        score[chosen] = -np.inf
    return chosen
