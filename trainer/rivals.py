"""The simple methods that the model must beat, made of people's artists and plays alone; each is a ``Method``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.identity import artist_key
from features.user_features import UserFeatures
from trainer.factors import Matrix, item_factors, ppmi_factors, unit, unit_sparse
from trainer.methods import Joined, Method, RandomVectors, raw_features

MIN_PEOPLE = 2
"""People who must have an artist for it to get a factored vector."""
_HASHED = 2**20

Plays = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ArtistRows:
    """People as unit sparse rows over artists, which is a method by itself: cosine.

    Two people without a common artist have similarity 0.

    Attributes:
        transform: of plays.
        by_rarity: whether an artist weighs its idf, too.
        column: artist key -> column; artists nobody in training has get columns of their own by a hash.
        heard: people in training who have an artist, by key.
        people: in training.
    """

    transform: Callable[[Plays], Plays]
    by_rarity: bool
    column: dict[str, int]
    heard: dict[str, int]
    people: int

    @classmethod
    def learn(
        cls, train: Sequence[UserFeatures], transform: Callable[[Plays], Plays], *, by_rarity: bool
    ) -> ArtistRows:
        """Learn vocabulary and rarity from the people trained on."""
        heard: dict[str, int] = {}
        for person in train:
            for artist in {artist_key(artist) for artist in person.listening.artists}:
                heard[artist] = heard.get(artist, 0) + 1
        column = {artist: column for column, artist in enumerate(sorted(heard))}
        return cls(transform, by_rarity, column, heard, len(train))

    def __call__(self, people: Sequence[UserFeatures]) -> sparse.csr_matrix:
        """Unit rows [people, columns]."""
        rows, columns, plays, rarity = [], list[int](), list[float](), list[float]()
        for row, person in enumerate(people):
            weights = person.listening.artist_weights()
            keys = [artist_key(artist) for artist in weights]
            rows += [row] * len(keys)
            columns += map(self._column_of, keys)
            plays += weights.values()
            rarity += map(self._idf_of, keys)
        values = self.transform(np.array(plays, np.float32)) * np.array(rarity, np.float32)
        shape = (len(people), len(self.column) + _HASHED)
        return unit_sparse(sparse.csr_matrix((values, (rows, columns)), shape=shape)).astype(np.float32)

    def _idf_of(self, key: str) -> float:
        return log((1 + self.people) / (1 + self.heard.get(key, 0))) + 1 if self.by_rarity else 1.0

    def _column_of(self, key: str) -> int:
        known = self.column.get(key)
        if known is not None:
            return known
        return len(self.column) + int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % _HASHED

    def common(self) -> npt.NDArray[np.intp]:
        """Columns of the artists that at least ``MIN_PEOPLE`` in training have."""
        return np.array([self.column[artist] for artist, count in self.heard.items() if count >= MIN_PEOPLE], np.intp)


class Factored:
    """Artist rows folded into artists' vectors: the weighted mean of a person's."""

    def __init__(self, rows: ArtistRows, columns: npt.NDArray[np.intp], vectors: Matrix) -> None:
        self._rows, self._columns, self._vectors = rows, columns, vectors

    def __call__(self, people: Sequence[UserFeatures]) -> Matrix:
        """Unit rows [people, width]."""
        return unit(np.asarray(self._rows(people)[:, self._columns] @ self._vectors, np.float32))


def truncated_svd(train: Sequence[UserFeatures], rows: ArtistRows, width: int) -> Factored:
    """Artist rows projected onto their own leading singular vectors."""
    columns = rows.common()
    matrix = unit_sparse(rows(train)[:, columns].tocsr())
    return Factored(rows, columns, item_factors(matrix, min(width, min(matrix.shape) - 1)))


def co_listening_mean(train: Sequence[UserFeatures], width: int) -> Factored:
    """The mean of artists' co-listening vectors (PPMI, factored), weighted by log plays and rarity."""
    rows = ArtistRows.learn(train, np.log1p, by_rarity=True)
    columns = rows.common()
    binary = (rows(train)[:, columns] > 0).astype(np.float32)
    return Factored(rows, columns, ppmi_factors((binary.T @ binary).tocsr(), min(width, len(columns) - 1)))


def rivals(train: Sequence[UserFeatures], seed: int) -> dict[str, Method]:
    """All rivals by the name to show, the weakest first."""
    tfidf = ArtistRows.learn(train, np.log1p, by_rarity=True)
    heavy = replace(tfidf, transform=np.sqrt)
    return {
        "random": RandomVectors(seed),
        "raw features": raw_features,
        "play counts": replace(tfidf, transform=lambda plays: plays, by_rarity=False),
        "artist tf-idf": tfidf,
        "co-listening mean": co_listening_mean(train, 128),
        "tf-idf, SVD 64": truncated_svd(train, tfidf, 64),
        "√plays × idf, SVD 128": truncated_svd(train, heavy, 128),
    }


def rivals_of(model: Method, train: Sequence[UserFeatures]) -> dict[str, Method]:
    """All rivals, and the model joined with two of them: what it has yet to learn would show there."""
    simple = rivals(train, 0)
    parts = [(model, 1.0), (simple["tf-idf, SVD 64"], 0.7), (simple["co-listening mean"], 0.7)]
    return {**simple, "model + SVD 64 + mean": Joined(parts)}
