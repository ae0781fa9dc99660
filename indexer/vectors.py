"""What every index asks of a vector before it goes in or is searched for: one rule, whichever engine runs.

Engines take NaN and zero vectors without a word and then answer with nothing, so the rule is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.errors import BadVector

_MEND = "Embed the person with the model of the live index."


def unit(vector: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """The vector at unit length.

    Args:
        vector: [width], of any length but zero.
        width: what the index holds.

    Raises:
        BadVector: not finite, zero, or of another width.
    """
    if np.shape(vector) != (width,):
        raise BadVector(f"A vector has the shape {np.shape(vector)} where the index holds width {width}.", _MEND)
    wide = np.asarray(vector, np.float64)  # squares of float32 overflow in float32
    squared = float(wide @ wide)
    if not 0.0 < squared < float("inf"):
        raise BadVector("A vector is zero or not finite.", _MEND)
    return (wide * squared**-0.5).astype(np.float32)


def units(vectors: Sequence[npt.NDArray[np.float32]], width: int) -> npt.NDArray[np.float32]:
    """All ``vectors`` at unit length, float32 [n, width].

    Raises:
        BadVector: some are not finite, zero, or of another width; says how many.
    """
    if any(np.shape(vector) != (width,) for vector in vectors):
        raise BadVector(f"A vector does not have the width of the index, {width}.", _MEND)
    wide = np.asarray(vectors, np.float64).reshape(-1, width)
    bad = count_bad(wide)
    if bad:
        raise BadVector(f"{bad} of {len(wide)} vectors are zero or not finite.", _MEND)
    return (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float32)


def count_bad(vectors: npt.NDArray[np.floating]) -> int:
    """How many rows of [n, width] are zero or not finite."""
    return int((~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1)).sum())
