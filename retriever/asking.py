"""Whom a question is asked for, as a search and the reasons need them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from features.profile import UserId
from features.user_features import Coverage, UserFeatures
from indexer.follow import vectors_of
from indexer.payload import Card, unpack
from indexer.ports import PersonVector
from indexer.terms import artist_numbers, numbers
from retriever.combined import combined
from retriever.nearest import Bends, Vector
from trainer.ports import Embedder


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody, or nobody in particular.

    Attributes:
        user_id: None for nobody.
        vector: float32 [width], of unit length; None for nobody.
        card: what people are compared with.
        coverage: of the listening that was used; None for nobody.
        known: artists that are no discoveries, by ``indexer.terms.artist_numbers``.
    """

    user_id: UserId | None
    vector: Vector | None
    card: Card
    coverage: Coverage | None
    known: frozenset[int]


def of_features(used: UserFeatures, whole: UserFeatures, embedder: Embedder) -> Asking:
    """Somebody by their features; ``used`` is the part of the ``whole`` that is asked with."""
    (point,) = vectors_of([used], embedder)
    known = frozenset(artist_numbers(whole.listening.artist_weights()))
    return Asking(point.user_id, point.vector, unpack(point.payload), used.coverage, known)


def as_indexed(point: PersonVector) -> Asking:
    """Somebody as the index has them."""
    card = unpack(point.payload)
    coverage = Coverage(card.genre_coverage, card.year_coverage)
    return Asking(point.user_id, point.vector, card, coverage, _artists_of(card))


def nobody(bends: Bends) -> Asking:
    """Nobody in particular: people are compared with all that is liked, as if somebody had it; it is not empty."""
    card = combined([unpack(point.payload) for point in bends.like])
    return Asking(None, None, card, None, _artists_of(card))


def _artists_of(card: Card) -> frozenset[int]:
    return frozenset(numbers(card.ids)[: len(card.artists)].tolist())
