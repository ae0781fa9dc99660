"""A sample of everybody that does not depend on the order in which they come, so that every engine draws the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from features.identity import point_id
from features.profile import UserId
from indexer.check import Sample as Drawn
from trainer.people import Sample


class Sampler:
    """Keeps the vectors of ``size`` people, those with the smallest point ids; nobody may be added twice."""

    def __init__(self, size: int, width: int) -> None:
        self._kept, self._width = Sample[tuple[UserId, npt.NDArray[np.float32]]](size), width

    def add(self, user_ids: Sequence[UserId], vectors: npt.NDArray[np.float32]) -> None:
        """More people; ``vectors`` are float32 [n, width], in the order of ``user_ids``."""
        for user_id, vector in zip(user_ids, vectors, strict=True):
            self._kept.add(point_id(user_id).int, (user_id, vector.copy()))  # of its batch, only this

    def sample(self, size: int) -> Drawn:
        """``size`` of the people so far, or as many as are kept."""
        drawn = list(islice(self._kept.things(), size))
        vectors = np.array([vector for _, vector in drawn], np.float32).reshape(-1, self._width)
        return [user_id for user_id, _ in drawn], vectors
