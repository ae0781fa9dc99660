"""The nearest people as a question wants them: bent by examples, narrowed, varied, or page by page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import UnknownUser
from features.profile import UserId
from indexer.ports import Neighbour, Payload, PersonVector, UserIndex
from retriever.diversity import candidates_for, diversified
from retriever.examples import ArtistVectors, people_of
from retriever.members import MEND_UNKNOWN
from retriever.opening import Unit
from retriever.options import MAX_LIMIT, Choice, Examples, Options
from retriever.paging import Page, cursor_after, page_of
from retriever.steering import steered

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Near:
    """A question for the people nearest to somebody known.

    Attributes:
        user_id: who.
        limit: how many, on a page.
        cursor: where the page begins; None for the first.
        choice: who may be found.
    """

    user_id: UserId
    limit: int
    cursor: str | None
    choice: Choice


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody's payload, the people nearest to them, and where the next page begins."""

    payload: Payload
    near: list[Neighbour]
    next_cursor: str | None


VARIED_AMONG = candidates_for(MAX_LIMIT)
"""Nearest people among whom those are chosen who are unlike each other."""


@dataclass(frozen=True, slots=True)
class Bends:
    """What bends a question: the liked, and the unliked."""

    like: list[PersonVector]
    unlike: list[PersonVector]


def bends_of(options: Options, unit: Unit, artists: ArtistVectors) -> Bends:
    """The examples of a question. Raises UnknownUser for one who is nobody."""

    def points(examples: Examples) -> list[PersonVector]:
        return [*people_of(unit.index, examples.users), *artists.of(examples.artists, unit.embedder)]

    return Bends(points(options.like), points(options.unlike))


def bent(vector: Vector | None, bends: Bends, width: int) -> Vector:
    """The vector to search with, float32 [width]; ``vector`` is None where nobody in particular asks."""
    if vector is not None and not bends.like and not bends.unlike:
        return vector
    like, unlike = (
        np.array([point.vector for point in points], np.float32).reshape(-1, width)
        for points in (bends.like, bends.unlike)
    )
    return steered(vector, like, unlike)


def varied(index: UserIndex, near: list[Neighbour], limit: int, diversity: float) -> list[Neighbour]:
    """``limit`` of the nearest people, in the order in which to name them."""
    if not diversity:
        return near[:limit]
    candidates = near[:VARIED_AMONG]
    people = index.get([neighbour.user_id for neighbour in candidates])
    candidates = [neighbour for neighbour in candidates if neighbour.user_id in people]  # the others have just left
    if not candidates:
        return []
    vectors = np.stack([people[neighbour.user_id].vector for neighbour in candidates])
    similarities = np.array([neighbour.similarity for neighbour in candidates])
    return [candidates[place] for place in diversified(vectors, similarities, diversity=diversity, k=limit)]


def near_known(asked: Near, unit: Unit) -> Found:
    """The people nearest to somebody known, as they are asked for.

    Raises:
        UnknownUser: nobody has the id. UnknownCursor, StaleCursor: the cursor.
    """
    person = unit.index.get([asked.user_id]).get(asked.user_id)
    if person is None:
        raise UnknownUser(f"Nobody has the id {asked.user_id!r}.", MEND_UNKNOWN)
    choice, page = asked.choice, page_of(asked.cursor, asked.limit, index=unit.version.name)
    most = VARIED_AMONG if choice.diversity else page.end  # whatever the page, or the order would change with it
    near = unit.index.search(person.vector, most, exclude=[asked.user_id, *choice.exclude], where=choice.where)
    shown = varied(unit.index, near, page.end, choice.diversity)[page.offset :]
    return Found(person.payload, shown, cursor_after(page, len(shown), index=unit.version.name))


def near_at_once(user_id: UserId, limit: int, unit: Unit) -> Found:
    """The first page of everybody, in the fewest steps. Raises UnknownUser."""
    found = unit.index.near(user_id, limit)
    if found is None:
        raise UnknownUser(f"Nobody has the id {user_id!r}.", MEND_UNKNOWN)
    payload, near = found
    return Found(payload, near, cursor_after(Page(0, limit), len(near), index=unit.version.name))
