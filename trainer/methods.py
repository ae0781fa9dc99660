"""Ways to embed people, so that one evaluation compares them all: the model and its three rivals.

A method turns people into rows of unit length, dense or sparse; similarity is the dot product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from math import log, log1p
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.identity import artist_key
from features.user_features import UserFeatures
from trainer.ports import Embedder

Rows = Any
"""Float32 [people, width], dense or a scipy sparse matrix (which has no types)."""


class Method(Protocol):
    """Something that embeds people."""

    def __call__(self, people: Sequence[UserFeatures]) -> Rows:
        """Rows of unit length, [people, width]."""
        ...


def similarities(queries: Rows, gallery: Rows) -> npt.NDArray[np.float32]:
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


class ArtistTfIdf:
    """Log plays times idf over artists, cosine; two people without a common artist have similarity 0."""

    def __init__(self, train: Iterable[UserFeatures]) -> None:
        people = [{artist_key(artist) for artist in person.listening.artist_weights()} for person in train]
        heard: dict[str, int] = {}
        for artists in people:
            for artist in artists:
                heard[artist] = heard.get(artist, 0) + 1
        self._column = {artist: column for column, artist in enumerate(sorted(heard))}
        self._idf = {artist: log((1 + len(people)) / (1 + count)) + 1 for artist, count in heard.items()}
        self._unheard = log(1 + len(people)) + 1

    def __call__(self, people: Sequence[UserFeatures]) -> sparse.csr_matrix:
        """Unit rows; artists that nobody in training has get columns of their own by a hash."""
        width = len(self._column) + 2**20
        rows, columns, values = [], [], []
        for row, person in enumerate(people):
            for artist, weight in person.listening.artist_weights().items():
                key = artist_key(artist)
                rows.append(row)
                columns.append(self._column_of(key))
                values.append(log1p(weight) * self._idf.get(key, self._unheard))
        matrix = sparse.csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(len(people), width))
        norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        return sparse.diags(1 / np.maximum(norms, 1e-9)).dot(matrix).tocsr().astype(np.float32)

    def _column_of(self, key: str) -> int:
        known = self._column.get(key)
        if known is not None:
            return known
        return len(self._column) + int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % 2**20


class RandomVectors:
    """A random unit vector per call and person: what chance gives."""

    def __init__(self, seed: int, width: int = 64) -> None:
        self._rng, self._width = np.random.default_rng(seed), width

    def __call__(self, people: Sequence[UserFeatures]) -> npt.NDArray[np.float32]:
        """Unit rows [people, width]."""
        rows = self._rng.standard_normal((len(people), self._width)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
