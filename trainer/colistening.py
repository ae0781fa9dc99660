"""Co-listening: vectors of artists learnt from who listens to whom; what text alone cannot tell.

Two spaces side by side: PPMI of artists heard by the same people, factored (Levy & Goldberg, NIPS 2014: what
skip-gram with negative sampling factors implicitly), and the item factors of a truncated SVD of people's tf-idf
(PureSVD: Cremonesi, Koren, Turrin, RecSys 2010). Everything is sparse: memory grows with the listening, not with the
square of people or artists. An artist heard by fewer than two people has no vector and is left to the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import svds

from features.identity import artist_key
from features.listening import Listening

MIN_PEOPLE = 2
MAX_ARTISTS_PER_PERSON = 500
"""Heaviest artists of a person that enter the co-occurrences, whose number grows with the square of this."""
CONTEXT_POWER = 0.75
"""Smoothing of context frequencies (Levy, Goldberg & Dagan, TACL 2015)."""

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CoListening:
    """What was learnt. ``vectors`` is float32 [artists, 2 × width], ``idf`` float32 [artists]; rows by ``artists``."""

    artists: list[str]
    vectors: Matrix
    idf: Matrix

    def __post_init__(self) -> None:
        object.__setattr__(self, "_row", {artist: row for row, artist in enumerate(self.artists)})

    @property
    def width(self) -> int:
        """Length of a person's co-listening vector."""
        return int(self.vectors.shape[1])

    def fold(self, listening: Listening) -> Matrix | None:
        """A person's vector [2 × width]: the tf-idf-weighted mean of their artists', each space of unit length.

        None where no artist is known. Works for people who were never trained on.
        """
        rows_of: dict[str, int] = self._row  # type: ignore[attr-defined]
        known = [
            (rows_of[key], log1p(weight))
            for artist, weight in listening.artist_weights().items()
            if (key := artist_key(artist)) in rows_of
        ]
        if not known:
            return None
        rows = [row for row, _ in known]
        weights = np.array([weight for _, weight in known], np.float32) * self.idf[rows]
        mean: Matrix = (weights @ self.vectors[rows]).astype(np.float32)
        halves = mean.reshape(2, -1)
        return _unit(halves).ravel()


def learn(listenings: Sequence[Listening], width: int, seed: int) -> CoListening:
    """Learn artists' vectors from people's listening; fewer artists than ``width`` give a narrower space.

    Args:
        listenings: of the people to train on, and of nobody else.
        width: dimensions of each of the two spaces.
        seed: of the solver's starting vector.
    """
    weights = [_heaviest(listening) for listening in listenings]
    heard = Counter(artist for person in weights for artist in person)
    artists = sorted(artist for artist, people in heard.items() if people >= MIN_PEOPLE)
    width = min(width, len(artists) - 1, len(listenings) - 1)
    if width < 1:
        return CoListening([], np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
    people = _matrix(weights, artists)
    idf = np.log((1 + len(weights)) / (1 + np.array([heard[artist] for artist in artists]))).astype(np.float32)
    vectors = np.hstack([_ppmi_factors(people, width, seed), _tfidf_factors(people, idf, width, seed)])
    return CoListening(artists, vectors.astype(np.float32), idf)


def _heaviest(listening: Listening) -> dict[str, float]:
    merged: dict[str, float] = {}
    for artist, weight in list(listening.artist_weights().items())[:MAX_ARTISTS_PER_PERSON]:
        key = artist_key(artist)
        merged[key] = merged.get(key, 0.0) + weight
    return merged


def _matrix(weights: Sequence[dict[str, float]], artists: Sequence[str]) -> sparse.csr_matrix:
    row_of = {artist: row for row, artist in enumerate(artists)}
    entries = [
        (person, row_of[artist], log1p(weight))
        for person, heard in enumerate(weights)
        for artist, weight in heard.items()
        if artist in row_of
    ]
    rows, columns, values = zip(*entries, strict=True)
    return sparse.csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(len(weights), len(artists)))


def _ppmi_factors(people: sparse.csr_matrix, width: int, seed: int) -> Matrix:
    binary = (people > 0).astype(np.float32)
    together = (binary.T @ binary).tocoo()
    apart = together.row != together.col
    rows, columns, counts = together.row[apart], together.col[apart], together.data[apart]
    totals = np.bincount(rows, counts, people.shape[1])
    context = totals**CONTEXT_POWER / max((totals**CONTEXT_POWER).sum(), 1e-9)
    positive = np.maximum(np.log(counts / (totals[rows] * context[columns])), 0).astype(np.float32)
    factors, scales = _factors(sparse.csr_matrix((positive, (rows, columns)), shape=together.shape), width, seed)
    return _unit(factors * np.sqrt(scales))


def _tfidf_factors(people: sparse.csr_matrix, idf: Matrix, width: int, seed: int) -> Matrix:
    weighted = people.multiply(idf[None, :]).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    scaled = sparse.diags(1 / np.maximum(norms, 1e-9)) @ weighted
    return _factors(scaled.T.tocsr(), width, seed)[0]


def _factors(matrix: sparse.csr_matrix, width: int, seed: int) -> tuple[Matrix, Matrix]:
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape))
    left, scales, _ = svds(matrix.astype(np.float64), k=width, v0=start)
    # The solver is free to flip a factor; the largest entry decides, so that a seed gives one result.
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(width)])
    return (left * signs).astype(np.float32), scales.astype(np.float32)


def _unit(rows: Matrix) -> Matrix:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, np.maximum(norms, 1e-9), dtype=np.float32)
