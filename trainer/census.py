"""What co-listening is learnt from: who has which artists and genres, gathered in one pass over people.

People come one after another and are not kept: memory grows with the artists that they have, by about 1 KB a person.
What is learnt of it lives in ``trainer.community``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from math import log1p
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.identity import artist_key
from features.listening import Listening
from trainer.rows import SparseRows

MAX_ARTISTS_PER_PERSON = 500
"""Heaviest artists of a person that enter the co-occurrences, whose number grows with the square of this."""

Thing = TypeVar("Thing", bound=Hashable)
Telling = tuple[str, tuple[str, ...]]
"""An artist's key, and the genres that a person's source tells of it."""


@dataclass(frozen=True)
class Census:
    """Sparse matrices whose rows are people, all in the same order.

    Attributes:
        artists: keys of the columns of ``plays``.
        genres: names of the columns of ``mixes``.
        tellings: what the columns of ``told`` are.
        plays: float32 [people, artists], a person's heaviest artists and how heavy.
        mixes: float32 [people, genres], log plays of the artists of a genre.
        told: float32 [people, tellings], how often a person's source tells it (twice where two spellings are one).
    """

    artists: list[str]
    genres: list[str]
    tellings: list[Telling]
    plays: sparse.csr_matrix
    mixes: sparse.csr_matrix
    told: sparse.csr_matrix

    def __len__(self) -> int:
        return int(self.plays.shape[0])

    def of(self, rows: npt.NDArray[np.bool_]) -> Census:
        """Some of the people."""
        return replace(self, plays=self.plays[rows], mixes=self.mixes[rows], told=self.told[rows])

    def tags(self) -> dict[str, tuple[str, ...]]:
        """The genres of each artist that any source told, by artist key; the commonest telling wins, ties by name."""
        counts = np.asarray(self.told.sum(axis=0)).ravel()
        best: dict[str, tuple[bool, float, tuple[str, ...]]] = {}
        for column in np.flatnonzero(counts):
            artist, genres = self.tellings[column]
            found = (bool(genres), float(counts[column]), genres)
            if artist not in best or found > best[artist]:
                best[artist] = found
        return {artist: genres for artist, (_, _, genres) in best.items()}


class CensusTaker:
    """Takes people one after another."""

    def __init__(self) -> None:
        self._artists, self._genres, self._tellings = _Numbers[str](), _Numbers[str](), _Numbers[Telling]()
        self._plays, self._mixes, self._told = SparseRows(), SparseRows(), SparseRows()

    def add(self, listening: Listening) -> None:
        """One more person."""
        weights = listening.artist_weights()
        for artist, weight in _merged(islice(weights.items(), MAX_ARTISTS_PER_PERSON)).items():
            self._plays.add(self._artists[artist], weight)
        mix: dict[int, float] = {}
        for artist, weight in weights.items():
            genres = tuple(listening.genres.get(artist, ()))
            self._told.add(self._tellings[artist_key(artist), genres], 1.0)
            for genre in genres:
                column = self._genres[genre]
                mix[column] = mix.get(column, 0.0) + log1p(weight)
        for column, value in mix.items():
            self._mixes.add(column, value)
        for rows in (self._plays, self._mixes, self._told):
            rows.end()

    def census(self) -> Census:
        """Of everybody so far."""
        names, genres, tellings = list(self._artists), list(self._genres), list(self._tellings)
        told = self._told.matrix(len(tellings))
        told.sum_duplicates()
        return Census(names, genres, tellings, self._plays.matrix(len(names)), self._mixes.matrix(len(genres)), told)


def census_of(listenings: Iterable[Listening]) -> Census:
    """The census of some people."""
    taker = CensusTaker()
    for listening in listenings:
        taker.add(listening)
    return taker.census()


class _Numbers(dict[Thing, int]):
    """A thing -> its number, in the order in which they are first asked for."""

    def __missing__(self, thing: Thing) -> int:
        self[thing] = number = len(self)
        return number


def _merged(weights: Iterable[tuple[str, float]]) -> dict[str, float]:
    """By artist key, since two spellings may be one artist."""
    merged: dict[str, float] = {}
    for artist, weight in weights:
        key = artist_key(artist)
        merged[key] = merged.get(key, 0.0) + weight
    return merged
