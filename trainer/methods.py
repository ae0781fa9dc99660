"""Ways to embed people, so that one evaluation compares them all: the model, raw features, chance.

Rivals made of artists alone live in ``trainer.rivals``.

A method turns people into rows of unit length, dense or sparse; similarity is the dot product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.user_features import UserFeatures
from trainer.ports import Embedder

Vectors = Any
"""Float32 [people, width], dense or a scipy sparse matrix (which has no types)."""


class Method(Protocol):
    """Something that embeds people."""

    def __call__(self, people: Sequence[UserFeatures]) -> Vectors:
        """Rows of unit length, [people, width]."""
        ...


def similarities(queries: Vectors, gallery: Vectors) -> npt.NDArray[np.float32]:
    """Cosines [queries, gallery] of unit rows."""
    product = queries @ gallery.T
    return np.asarray(product.todense() if sparse.issparse(product) else product, dtype=np.float32)


def model_method(embedder: Embedder) -> Method:
    """The model: its user embeddings."""
    return lambda people: embedder.embed(people).joint


def raw_features(people: Sequence[UserFeatures]) -> npt.NDArray[np.float32]:
    """The three feature vectors side by side; a missing one is left out and the rest is brought to unit length."""
    width = max((len(part) for person in people for part in _parts(person) if part is not None), default=1)
    rows = np.zeros((len(people), 3, width), np.float32)
    for row, person in zip(rows, people, strict=True):
        for slot, part in zip(row, _parts(person), strict=True):
            if part is not None:
                slot[:] = part
    flat = rows.reshape(len(people), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)


def _parts(person: UserFeatures) -> tuple[npt.NDArray[np.float32] | None, ...]:
    return person.genre, person.artist, person.playlist


class RandomVectors:
    """A random unit vector per call and person: what chance gives."""

    def __init__(self, seed: int, width: int = 64) -> None:
        self._rng, self._width = np.random.default_rng(seed), width

    def __call__(self, people: Sequence[UserFeatures]) -> npt.NDArray[np.float32]:
        """Unit rows [people, width]."""
        rows = self._rng.standard_normal((len(people), self._width)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Joined:
    """Several dense methods side by side, each times its weight: the cosine is the mean of theirs by squared weight."""

    def __init__(self, parts: Sequence[tuple[Method, float]]) -> None:
        self._parts = parts

    def __call__(self, people: Sequence[UserFeatures]) -> npt.NDArray[np.float32]:
        """Unit rows [people, sum of the widths]; zero for whom no method knows anything of."""
        rows = np.concatenate([weight * method(people) for method, weight in self._parts], axis=1)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)
