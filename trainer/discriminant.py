"""Where training begins: the linear projection under which two views of a person are alike and people are not.

Linear discriminant analysis with a ridge, a person as a class and their views as its examples (as in speaker
recognition: Dehak et al. 2011). Closed form: memory grows with the square of the input width, not with the people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from trainer.inputs import PARTS, Inputs

Matrix = npt.NDArray[np.float64]
Sides = Iterable[tuple[Inputs, Inputs]]


def center_of(sides: Sides, widths: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The mean input row [input width], of each part over those who have it."""
    total, count = np.zeros(sum(widths)), np.zeros(len(PARTS))
    for pair in sides:
        for side in pair:
            total += np.where(_seen(side, widths), side.values, 0.0).sum(axis=0, dtype=np.float64)
            count += side.present.sum(axis=0)
    return (total / np.maximum(np.repeat(count, widths), 1)).astype(np.float32)


def discriminant(
    sides: Callable[[], Sides], widths: tuple[int, ...], width: int, ridge: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The center [input width] and the projection [input width, width] to begin at.

    Args:
        sides: gives pairs of views, left and right, row by row the same people; called twice.
        widths: of the parts of an input row.
        width: of the projection; directions beyond what the data can carry are zero.
        ridge: added to the within-person covariance, as a multiple of its mean variance.
    """
    center = center_of(sides(), widths)
    size = sum(widths)
    within, between, count = np.zeros((size, size)), np.zeros((size, size)), 0
    for left, right in sides():
        one, other = _centered(left, center, widths), _centered(right, center, widths)
        apart = one - other
        within += apart.T @ apart / 2
        between += one.T @ other
        count += len(one)
    within, between = within / max(count, 1), (between + between.T) / (2 * max(count, 1))
    within[np.diag_indices(size)] += ridge * max(np.trace(within) / max(size, 1), 1e-6)
    kept = min(width, size)
    ratios, directions = eigh(between, within, subset_by_index=(size - kept, size - 1))
    ratios = np.maximum(ratios[::-1], 0)
    # Scaled by how much of a direction's variance is between people, so that what tells nothing counts little.
    projection = np.zeros((size, width))
    projection[:, :kept] = directions[:, ::-1] * (ratios / (1 + ratios))
    spread = np.sqrt(np.einsum("dw,de,ew->", projection, between + within, projection, optimize=True))
    return center, (projection / max(spread, 1e-9)).astype(np.float32)


def _seen(inputs: Inputs, widths: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    return np.repeat(inputs.present, widths, axis=1)


def _centered(inputs: Inputs, center: npt.NDArray[np.float32], widths: tuple[int, ...]) -> npt.NDArray[np.float32]:
    return np.where(_seen(inputs, widths), inputs.values.astype(np.float32) - center, np.float32(0))
