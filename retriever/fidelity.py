"""Are the stated reasons true? The deletion test: without them, a match must fall more than without others. Pure.

Known as comprehensiveness in the literature on explanations (DeYoung et al., ACL 2020): what is said to be the reason
is taken away from the asker, the asker is embedded anew, and the similarity to the match is measured again, beside the
same done with as many of the asker's artists (or genres) drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features.compact import only_artists
from features.listening import Listening
from features.user_features import UserFeatures
from indexer.follow import vectors_of
from indexer.payload import unpack
from indexer.ports import Neighbour, PersonVector
from retriever.answers import Recommendation
from retriever.explain import Asker, Yardstick
from trainer.ports import TOWERS, Embedder

REMOVED = 5
"""Reasons taken away from a match."""
NEAREST = 50
"""Matches of an asker over which the towers must explain the similarity."""

Taken = Callable[[Listening, frozenset[str]], Listening]
Seen = Callable[[UserFeatures, Listening], UserFeatures]
"""The person as they would look with another listening."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What the deletion test found.

    Attributes:
        artists: [matches, 2], fall of the cosine without the stated shared artists, and without random artists.
        genres: [matches, 2], the same with genres.
        towers: squared correlation of the similarity with its best linear combination of the tower similarities,
            over pairs of askers and their ``NEAREST`` matches.
    """

    artists: Floats
    genres: Floats
    towers: float


def fidelity(
    people: Sequence[UserFeatures],
    embedder: Embedder,
    seen: Seen,
    heard: Mapping[int, int],
    *,
    askers: int,
    seed: int = 0,
) -> Fidelity:
    """Test the reasons of the first match of up to ``askers`` people, drawn at random.

    Args:
        people: the community.
        embedder: the model.
        seen: makes the features of a person with some of their listening gone.
        heard: how many listen to an artist or a genre, by ``indexer.terms.numbered``.
        askers: most people to ask for.
        seed: of all draws.
    """
    rng = np.random.default_rng(seed)
    indexed = vectors_of(people, embedder)
    matrix = np.stack([person.vector for person in indexed])
    row_of = {person.user_id: row for row, person in enumerate(people)}
    yardstick = Yardstick(heard, (), REMOVED)
    without = _Without(embedder, seen, rng)
    told: list[Recommendation] = []
    artists: list[tuple[float, float]] = []
    genres: list[tuple[float, float]] = []
    for row in rng.permutation(len(people))[:askers]:
        near = _nearest(indexed, matrix, int(row))
        matches = Asker(unpack(indexed[row].payload), yardstick).compare(
            [(neighbour, unpack(neighbour.payload)) for neighbour in near]
        )
        told += matches
        asker, target = people[row], matrix[row_of[near[0].user_id]]
        names = sorted(asker.listening.artists)
        artists += without.falls(asker, target, matches[0].shared_artists, (names, _without_artists))
        tags = sorted({genre for told_genres in asker.listening.genres.values() for genre in told_genres})
        genres += without.falls(asker, target, matches[0].shared_genres, (tags, _without_genres))
    return Fidelity(np.array(artists).reshape(-1, 2), np.array(genres).reshape(-1, 2), _explained(told))


class _Without:
    """Askers embedded anew without some of their listening."""

    def __init__(self, embedder: Embedder, seen: Seen, rng: np.random.Generator) -> None:
        self._embedder, self._seen, self._rng = embedder, seen, rng

    def falls(
        self,
        asker: UserFeatures,
        target: npt.NDArray[np.float32],
        stated: Sequence[str],
        pool: tuple[Sequence[str], Taken],
    ) -> list[tuple[float, float]]:
        """The fall without the stated and without as many random ones; none where there is too little to tell."""
        everything, taken = pool
        if not stated or len(everything) < 3 * len(stated):
            return []
        drawn = [everything[at] for at in self._rng.permutation(len(everything))[: len(stated)]]
        parts = [asker.listening, *(taken(asker.listening, frozenset(gone)) for gone in (stated, drawn))]
        vectors = self._embedder.embed([self._seen(asker, part) for part in parts]).joint
        whole, less, chance = (vectors @ target).tolist()
        return [(whole - less, whole - chance)]


def _nearest(indexed: Sequence[PersonVector], matrix: npt.NDArray[np.float32], row: int) -> list[Neighbour]:
    cosines = matrix @ matrix[row]
    order = [int(at) for at in np.argsort(-cosines, kind="stable") if at != row][:NEAREST]
    return [Neighbour(indexed[at].user_id, float(cosines[at]), indexed[at].payload) for at in order]


def _without_artists(listening: Listening, gone: frozenset[str]) -> Listening:
    return only_artists(listening, frozenset(listening.artists) - gone)


def _without_genres(listening: Listening, gone: frozenset[str]) -> Listening:
    kept = {
        artist: tuple(genre for genre in genres if genre not in gone) for artist, genres in listening.genres.items()
    }
    return replace(listening, genres=kept)


def _explained(told: Sequence[Recommendation]) -> float:
    rows = [[getattr(each.towers, tower) for tower in TOWERS] for each in told]
    whole = [number for number, row in enumerate(rows) if None not in row]
    inputs = np.array([[*rows[number], 1.0] for number in whole], np.float64).reshape(-1, len(TOWERS) + 1)
    similarity = np.array([told[number].similarity for number in whole])
    weights = np.linalg.lstsq(inputs, similarity, rcond=None)[0]
    return float(1 - (similarity - inputs @ weights).var() / max(similarity.var(), 1e-12))
