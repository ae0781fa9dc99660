"""How people stand in an engine's points, and which points are the nearest: one rule, whichever engine runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from features.identity import point_id
from features.profile import UserId
from indexer.payload import CONTENT
from indexer.ports import Neighbour, PersonVector
from indexer.vectors import units

USER_ID = "user_id"
"""Field of the payload that the adapters keep, since a point id does not lead back to a user id."""
FEW = 16
"""People to leave out who are dropped afterwards instead of filtered."""
_MOST_TIES = 1_000  # beyond so many equals at the last place, which of them are named is left to the engine

Fields = dict[str, Any] | None
"""A point's payload as an engine gives it, for whoever asked for it alone."""


class Scored(Protocol):
    """A point that a search found."""

    @property
    def score(self) -> float:
        """The cosine, give or take what float32 cannot tell."""
        ...

    @property
    def payload(self) -> Fields:
        """All of it."""
        ...


def nearest(limit: int, ask: Callable[[int], Sequence[Scored]]) -> list[Neighbour]:
    """The ``limit`` nearest people, ties by user id: also those between the last one in and out.

    Args:
        limit: how many.
        ask: finds so many of the nearest points, the most similar first.
    """
    wanted = limit + 1
    while True:
        points = ask(wanted)
        if len(points) < wanted or points[limit - 1].score > points[-1].score or wanted > limit + _MOST_TIES:
            break
        wanted *= 2
    neighbours = [_neighbour(point) for point in points]
    neighbours.sort(key=_by_similarity_then_id)
    return neighbours[:limit]


def most_wanted(limit: int) -> int:
    """The most points that :func:`nearest` asks for."""
    return 2 * (limit + _MOST_TIES)


def points_of(people: Sequence[PersonVector], width: int) -> list[tuple[UUID, list[float], dict[str, Any]]]:
    """Id, vector of unit length and payload of each person. Raises BadVector, with nobody let through."""
    vectors = units([person.vector for person in people], width).tolist()
    return [
        (point_id(person.user_id), vector, {**person.payload, USER_ID: person.user_id})
        for person, vector in zip(people, vectors, strict=True)
    ]


def content_of(fields: Fields) -> tuple[UserId, str]:
    """Whose payload it is, and the ``content`` in it ('' where there is none)."""
    payload = fields or {}
    return UserId(payload[USER_ID]), payload.get(CONTENT, "")


def person_of(fields: Fields, vector: object) -> PersonVector:
    """A point as a person."""
    payload = fields or {}
    user_id = UserId(payload.pop(USER_ID))
    return PersonVector(user_id, np.asarray(vector, np.float32), payload)


def _neighbour(point: Scored) -> Neighbour:
    payload = point.payload or {}
    user_id = UserId(payload.pop(USER_ID))
    return Neighbour(user_id, min(max(point.score, -1.0), 1.0), payload)


def _by_similarity_then_id(neighbour: Neighbour) -> tuple[float, UserId]:
    return -neighbour.similarity, neighbour.user_id
