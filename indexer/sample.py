"""A sample of everybody that does not depend on the order in which they come, so that every engine draws the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.identity import point_id
from features.profile import UserId
from indexer.check import Sample


class Sampler:
    """Keeps those with the smallest point ids, which are hashes: a uniform sample (bottom-k, Cohen & Kaplan 2007).

    Memory is bounded by ``size``, whoever is added; nobody may be added twice.
    """

    def __init__(self, size: int, width: int) -> None:
        self._size = size
        self._keys = np.zeros(0, np.uint64)
        self._ids = np.zeros(0, object)
        self._vectors = np.zeros((0, width), np.float32)

    def add(self, user_ids: Sequence[UserId], vectors: npt.NDArray[np.float32]) -> None:
        """More people; ``vectors`` are float32 [n, width], in the order of ``user_ids``."""
        keys = np.array([int.from_bytes(point_id(each).bytes[:8]) for each in user_ids], np.uint64)
        if len(self._keys) == self._size:
            smaller = np.flatnonzero(keys < self._keys[-1]).tolist()
            user_ids, keys, vectors = [user_ids[at] for at in smaller], keys[smaller], vectors[smaller]
        kept = np.argsort(np.concatenate([self._keys, keys]), kind="stable")[: self._size]
        self._keys = np.concatenate([self._keys, keys])[kept]
        self._ids = np.concatenate([self._ids, np.array(user_ids, object)])[kept]
        self._vectors = np.concatenate([self._vectors, vectors])[kept]

    def sample(self, size: int) -> Sample:
        """``size`` of the people so far, or as many as are kept."""
        return self._ids[:size].tolist(), self._vectors[:size]
