"""Learning co-listening from a community: all of it, and fold by fold for those who are trained on.

Vectors learnt from the very people that a network is then trained on flatter it: it comes to lean on them, and finds
them worth less on anybody new. So each fold of people is given vectors learnt from the other folds, turned onto those
of everybody (orthogonal Procrustes), and only new people meet the latter. (Cross-fitting; on listeners kept back it
lifted halves MRR from 0.44 to 0.49 for the same features and projection.)
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.profile import UserId
from trainer.census import Census
from trainer.colistening import CoListening, genre_rows
from trainer.factors import (
    Matrix,
    idf,
    item_factors,
    ppmi_factors,
    ridge,
    rotation,
    spherical_kmeans,
    unit,
    unit_sparse,
)

MIN_PEOPLE = 2
"""People who must have an artist, or artists who must have a genre, for a vector of its own."""
MAX_GENRES = 3000
"""Commonest genres that are kept: the regression from genres solves a system of this size."""
GENRE_PULL = 3.0
"""An artist's genres weigh as much in its vector as this many people do."""
RIDGE = 3.0


@dataclass(frozen=True, slots=True)
class Widths:
    """Dimensions of what is learnt; each at most what the data can carry."""

    co_listening: int
    rotation: int
    genres: int
    clusters: int


def learn(census: Census, widths: Widths, centers: Matrix | None = None) -> CoListening:
    """Learn from people's listening.

    Args:
        census: of the people to train on, and of nobody else.
        widths: of what is learnt; small communities give narrower spaces.
        centers: of clusters, where they are already known.
    """
    counts = np.asarray((census.plays > 0).sum(axis=0)).ravel()
    columns = sorted(np.flatnonzero(counts >= MIN_PEOPLE).tolist(), key=census.artists.__getitem__)
    artists = [census.artists[column] for column in columns]
    tags = census.tags()
    genre_counts = Counter(genre for genres in tags.values() for genre in genres)
    genres = sorted(genre for genre, count in genre_counts.most_common(MAX_GENRES) if count >= MIN_PEOPLE)
    most = min(len(artists), len(census)) - 1
    if most < 1:
        return _nothing(len(census))
    plays, heard = census.plays[:, columns], counts[columns].astype(np.float32)
    genre_row = {genre: row for row, genre in enumerate(genres)}
    rarity = idf(np.array([genre_counts[genre] for genre in genres]), len(tags))
    of_artists = genre_rows([tags.get(artist, ()) for artist in artists], genre_row, rarity)
    listened = _factored_artists(plays, min(widths.co_listening, most))
    genre_map = ridge(of_artists, listened, RIDGE)
    vectors = (heard[:, None] * listened + GENRE_PULL * (of_artists @ genre_map)) / (heard[:, None] + GENRE_PULL)
    return CoListening(
        people=len(census),
        artists=artists,
        genres=genres,
        heard=heard,
        vectors=vectors.astype(np.float32),
        rotation=_rotation(plays, heard, min(widths.rotation, most)),
        genre_rarity=rarity,
        genre_vectors=_genre_factors(census, genres, widths.genres),
        genre_map=genre_map,
        centers=spherical_kmeans(unit(vectors), widths.clusters) if centers is None else centers,
    )


def learn_folds(
    census: Census, fold_of: npt.NDArray[np.intp], whole: CoListening, widths: Widths
) -> dict[int, CoListening]:
    """For each fold, what the people outside it tell, in the coordinates of ``whole`` (learnt from everybody)."""
    return {
        fold: _aligned(learn(census.of(fold_of != fold), widths, whole.centers), whole)
        for fold in np.unique(fold_of).tolist()
    }


def fold_of(user_id: UserId, folds: int) -> int:
    """The fold of a person; the same in every run, so that two weekly models are alike."""
    return int.from_bytes(hashlib.blake2b(user_id.encode(), digest_size=8, person=b"sound-folds").digest()) % folds


def _aligned(learnt: CoListening, whole: CoListening) -> CoListening:
    """``learnt`` turned onto ``whole``; with what it cannot tell as wide as there, but zero."""
    mine, theirs = _common(learnt.artists, whole.artists)
    my_genres, their_genres = _common(learnt.genres, whole.genres)
    turn = _onto(learnt.vectors, whole.vectors, mine, theirs)
    return replace(
        learnt,
        vectors=learnt.vectors @ turn,
        genre_map=learnt.genre_map @ turn,
        rotation=learnt.rotation @ _onto(learnt.rotation, whole.rotation, mine, theirs),
        genre_vectors=learnt.genre_vectors @ _onto(learnt.genre_vectors, whole.genre_vectors, my_genres, their_genres),
    )


def _onto(moving: Matrix, fixed: Matrix, rows: list[int], fixed_rows: list[int]) -> Matrix:
    """The turn of the common rows; from a narrower space into a part of the wider one."""
    padded = np.zeros((len(rows), fixed.shape[1]), np.float32)
    padded[:, : moving.shape[1]] = moving[rows]
    return rotation(padded, fixed[fixed_rows])[: moving.shape[1]]


def _common(mine: Sequence[str], theirs: Sequence[str]) -> tuple[list[int], list[int]]:
    row_of = {name: row for row, name in enumerate(theirs)}
    both = [(row, row_of[name]) for row, name in enumerate(mine) if name in row_of]
    return [row for row, _ in both], [row for _, row in both]


def _nothing(people: int) -> CoListening:
    none, nobody = np.zeros((0, 0), np.float32), np.zeros(0, np.float32)
    return CoListening(people, [], [], nobody, none, none, nobody, none, none, none)


def _factored_artists(plays: sparse.csr_matrix, width: int) -> Matrix:
    binary = (plays > 0).astype(np.float32)
    return ppmi_factors((binary.T @ binary).tocsr(), width)


def _rotation(plays: sparse.csr_matrix, heard: Matrix, width: int) -> Matrix:
    weighted = plays.sqrt() @ sparse.diags(idf(heard, plays.shape[0]) ** 2)
    return item_factors(unit_sparse(weighted.tocsr()), width)


def _genre_factors(census: Census, genres: Sequence[str], width: int) -> Matrix:
    column_of = {genre: column for column, genre in enumerate(census.genres)}
    mixes = census.mixes[:, [column_of[genre] for genre in genres]]
    width = min(width, min(mixes.shape) - 1)
    if width < 1 or not mixes.nnz:
        return np.zeros((len(genres), 0), np.float32)
    people = np.asarray((mixes > 0).sum(axis=0)).ravel()
    weights = idf(people, len(census))
    factors = item_factors(unit_sparse((mixes @ sparse.diags(weights)).tocsr()), width)
    return weights[:, None] * factors
