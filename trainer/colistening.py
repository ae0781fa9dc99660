"""Co-listening: what the community's own profiles tell of artists and genres, learnt in closed form.

An artist's vector comes from who listens to what (PPMI, factored), drawn towards what its genres say where few people
have it; an artist that nobody has is placed by its genres alone. Beside it stand the item factors of heavy rotation
(plays and rarity), the genres' own factors, and clusters of artists. Nothing here knows who was listened with: a new
person folds in without training (``CoListening.fold``). How it is learnt lives in ``trainer.community``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log1p

import numpy as np
from scipy import sparse

from features.identity import artist_key
from features.listening import Listening
from trainer.factors import Matrix, idf, unit, unit_sparse
from trainer.rows import SparseRows

FOLDED = ("genre_mix", "co_listening", "rotation", "clusters", "mainstream")
"""Parts that :meth:`CoListening.fold` gives."""
MAINSTREAM_BINS = 8
CLUSTER_SHARPNESS = 10.0
"""Inverse temperature of the soft assignment of an artist to clusters, over cosines."""


@dataclass(frozen=True)
class CoListening:
    """What was learnt of ``people`` people; all arrays float32.

    Attributes:
        people: how many were learnt from.
        artists: keys of the artists with vectors.
        genres: names of the genres with vectors.
        heard: [artists], people who have each.
        vectors: [artists, width], co-listening.
        rotation: [artists, rotation width], heavy rotation.
        genre_rarity: [genres], idf over artists.
        genre_vectors: [genres, genre width], factors over people, scaled by idf.
        genre_map: [genres, width], from an artist's genres to where co-listening would put it.
        centers: [clusters, width], unit rows.
    """

    people: int
    artists: list[str]
    genres: list[str]
    heard: Matrix
    vectors: Matrix
    rotation: Matrix
    genre_rarity: Matrix
    genre_vectors: Matrix
    genre_map: Matrix
    centers: Matrix

    @property
    def widths(self) -> dict[str, int]:
        """Length of each part of :meth:`fold`."""
        return {
            "genre_mix": self.genre_vectors.shape[1],
            "co_listening": self.vectors.shape[1],
            "rotation": self.rotation.shape[1],
            "clusters": len(self.centers),
            "mainstream": MAINSTREAM_BINS if self.artists else 0,
        }

    def fold(self, listenings: Sequence[Listening]) -> dict[str, Matrix]:
        """Each part of ``FOLDED`` as unit rows [people, its width]; a zero row where nothing is known.

        An artist's weight is the logarithm of its plays times its idf; in ``rotation`` the square root of its plays
        times the square of its idf, so that what a person plays most, and few others do, stands out.
        """
        found = _Heard(self, listenings)
        known, strange = found.known, found.strange
        rarity, rarest = self._idf, float(idf(np.zeros(1), self.people)[0])
        heavy = known.copy()
        heavy.data = np.sqrt(np.expm1(known.data)) * rarity[known.indices] ** 2
        known.data, strange.data = known.data * rarity[known.indices], strange.data * rarest
        drawn = found.stranger_vectors
        clusters = known @ self._clusters + strange @ self._assigned(drawn)
        parts = {
            "genre_mix": unit(found.genres @ self.genre_vectors),
            "co_listening": unit(known @ self.vectors + strange @ drawn),
            "rotation": unit(heavy @ self.rotation),
            "clusters": np.sqrt(clusters / np.maximum(clusters.sum(axis=1, keepdims=True), 1e-9)),
            "mainstream": self._mainstream(known, strange),
        }
        return {part: rows.astype(np.float32, copy=False) for part, rows in parts.items()}

    @cached_property
    def artist_row(self) -> Mapping[str, int]:
        """Artist key -> row."""
        return {artist: row for row, artist in enumerate(self.artists)}

    @cached_property
    def genre_row(self) -> Mapping[str, int]:
        """Genre -> row."""
        return {genre: row for row, genre in enumerate(self.genres)}

    @cached_property
    def _idf(self) -> Matrix:
        return idf(self.heard, self.people)

    @cached_property
    def _clusters(self) -> Matrix:
        return self._assigned(self.vectors)

    @cached_property
    def _bins(self) -> Matrix:
        """One-hot [artists + 1, bins] of how many people have an artist, logarithmic; the last row is nobody's."""
        heard = np.append(self.heard, 0.0)
        share = np.log1p(heard) / max(np.log1p(heard.max()), 1e-9)
        bins = np.minimum((share * MAINSTREAM_BINS).astype(np.intp), MAINSTREAM_BINS - 1)
        return np.eye(MAINSTREAM_BINS, dtype=np.float32)[bins]

    def _assigned(self, vectors: Matrix) -> Matrix:
        """Soft assignment [artists, clusters], rows summing to 1; zero for an artist without a place."""
        near = CLUSTER_SHARPNESS * (unit(vectors) @ self.centers.T)
        shares = np.exp(near - near.max(axis=1, keepdims=True, initial=-CLUSTER_SHARPNESS))
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
        return shares * vectors.any(axis=1, keepdims=True)

    def _mainstream(self, known: sparse.csr_matrix, strange: sparse.csr_matrix) -> Matrix:
        if not self.artists:
            return np.zeros((known.shape[0], 0), np.float32)
        ones = sparse.csr_matrix((np.ones_like(known.data), known.indices, known.indptr), shape=known.shape)
        counts = ones @ self._bins[:-1] + np.diff(strange.indptr)[:, None] * self._bins[-1]
        return np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9))


class _Heard:
    """People's listening as sparse rows over known artists, strangers (artists without vectors) and genres.

    Values are log plays. Rows keep each person's own order, so that a person sums up alike, alone or in a batch.
    """

    def __init__(self, learnt: CoListening, listenings: Sequence[Listening]) -> None:
        known, strange, genres = SparseRows(), SparseRows(), SparseRows()
        strangers: dict[tuple[str, tuple[str, ...]], int] = {}
        for listening in listenings:
            for artist, weight in listening.artist_weights().items():
                key, value, tags = artist_key(artist), log1p(weight), listening.genres.get(artist, ())
                row = learnt.artist_row.get(key)
                if row is not None:
                    known.add(row, value)
                else:
                    strange.add(strangers.setdefault((key, tuple(tags)), len(strangers)), value)
                for genre in tags:
                    if genre in learnt.genre_row:
                        genres.add(learnt.genre_row[genre], value)
            for rows in (known, strange, genres):
                rows.end()
        self.known = known.matrix(len(learnt.artists))
        self.strange = strange.matrix(len(strangers))
        self.genres = genres.matrix(len(learnt.genres))
        self.stranger_vectors = genre_rows([tags for _, tags in strangers], learnt.genre_row, learnt.genre_rarity) @ (
            learnt.genre_map
        )


def genre_rows(tags: Sequence[Sequence[str]], genre_row: Mapping[str, int], rarity: Matrix) -> sparse.csr_matrix:
    """Artists as unit rows over their genres, each weighing its rarity: float32 [artists, genres]."""
    rows = SparseRows()
    for genres in tags:
        for row in (genre_row[genre] for genre in genres if genre in genre_row):
            rows.add(row, float(rarity[row]))
        rows.end()
    return unit_sparse(rows.matrix(len(genre_row)))
