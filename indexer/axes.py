"""The two axes of a map of everybody: where most of the difference between people shows. Pure numpy.

Principal components of the user embeddings. A version keeps the axes and nobody's place on them: what is kept is a mean
and two directions, in which nobody is named, and who comes later is laid onto the same map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

FITTED_ON = 20_000
"""Most people that axes are fitted on."""
_DECIMALS = 6

Floats = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """A plane through a cloud of vectors.

    Attributes:
        mean: [width], the plane's origin.
        components: two orthogonal directions of unit length, [width] each.
        explained: shares of all variance that they show, the larger one first; 0 where everybody is alike.
    """

    mean: Floats
    components: tuple[Floats, Floats]
    explained: tuple[float, float]

    @classmethod
    def read(cls, facts: Mapping[str, Any], width: int) -> Self:
        """Out of ``dataclasses.asdict`` or its JSON. Raises ValueError, KeyError, TypeError where it is damaged."""
        mean, (first, second), (more, less) = facts["mean"], facts["components"], facts["explained"]
        if not len(mean) == len(first) == len(second) == width:
            raise ValueError(f"axes of another width than {width}")
        return cls(_floats(mean), (_floats(first), _floats(second)), (float(more), float(less)))

    def places(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Where people lie: float32 [n, width] to float32 [n, 2]."""
        centred = vectors - np.asarray(self.mean, np.float32)
        return centred @ np.asarray(self.components, np.float32).T


def axes_of(vectors: npt.NDArray[np.float32]) -> Axes | None:
    """The axes of people, float32 [n, width]; the same people give the same axes. None for nobody.

    Each component points where its largest part is positive, since its sign means nothing (as scikit-learn's
    ``svd_flip`` does), and a map would be turned over from one build to the next.
    """
    if not len(vectors):
        return None
    wide = np.asarray(vectors, np.float64)
    mean = wide.mean(axis=0)
    centred = wide - mean
    variances, directions = np.linalg.eigh(centred.T @ centred / len(wide))
    components = directions[:, [-1, -2]].T
    largest = np.abs(components).argmax(axis=1)
    components = components * np.sign(components[[0, 1], largest])[:, None]
    total = float(variances.sum())
    # Below what float32 can tell apart, everybody is alike.
    shares = variances[[-1, -2]].clip(0, total) / total if total > np.finfo(np.float32).eps else np.zeros(2)
    first, second = map(_floats, components.round(_DECIMALS).tolist())
    more, less = shares.round(_DECIMALS).tolist()
    return Axes(_floats(mean.round(_DECIMALS).tolist()), (first, second), (more, less))


def _floats(values: list[float]) -> Floats:
    return tuple(map(float, values))
