"""A map of everybody as plain data: where people lie, and the bytes of the answer. When: ``retriever.cartographer``.

A drawing never changes; without somebody, or with somebody more, it is another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import numpy as np
import orjson

from features.identity import point_id
from features.profile import UserId
from indexer.axes import Axes
from indexer.payload import GENRES, NAME, unpack
from indexer.ports import IndexVersion, PersonVector
from retriever.answers_map import MapPoints, TasteMap
from retriever.etags import etag_of

MAX_POINTS = 20_000
FIELDS = (NAME, GENRES)
"""Of the payload, what a map shows."""
_DECIMALS = 4


class Spot(NamedTuple):
    """One person on the map; in the order of the columns of an answer."""

    user_id: UserId
    name: str | None
    x: float
    y: float
    genre: str | None


Spots = Mapping[UUID, Spot]


@dataclass(frozen=True)
class Drawing:
    """A map of one version.

    Attributes:
        version: whose people are on it.
        axes: of the map; None where nobody is.
        people: how many were in the index.
        spots: where at most ``MAX_POINTS`` of them lie, by point id.
    """

    version: IndexVersion
    axes: Axes | None
    people: int
    spots: Spots

    def without(self, points: Collection[UUID]) -> Drawing:
        """The same map without some people."""
        gone = self.spots.keys() & points
        if not gone:
            return self
        stay = {point: spot for point, spot in self.spots.items() if point not in gone}
        return replace(self, people=max(self.people - len(gone), len(stay)), spots=stay)

    def joined_by(self, people: Sequence[PersonVector]) -> Drawing:
        """The same map with some people as they are now."""
        return replace(self, spots={**self.spots, **spots_of(people, self.axes)}) if people else self

    @cached_property
    def answer(self) -> TasteMap:
        """What is answered."""
        columns = MapPoints(*zip(*self.spots.values(), strict=True)) if self.spots else MapPoints((), (), (), (), ())
        explained = (0.0, 0.0) if self.axes is None else self.axes.explained
        return TasteMap(self.version.name, self.version.model_version, "pca", explained, self.people, columns)

    @cached_property
    def body(self) -> bytes:
        """The same as JSON; 2 MB for ``MAX_POINTS``."""
        return orjson.dumps(self.answer)

    @cached_property
    def etag(self) -> str:
        """Of :attr:`body`."""
        return etag_of(self.body)


def spots_of(people: Iterable[PersonVector], axes: Axes | None) -> dict[UUID, Spot]:
    """Where people lie; with no axes, in the middle."""
    everybody = list(people)
    if not everybody:
        return {}
    places = np.zeros((len(everybody), 2))
    if axes is not None:
        places = axes.places(np.array([person.vector for person in everybody], np.float32)).astype(np.float64)
    spots = {}
    for person, (x, y) in zip(everybody, places.round(_DECIMALS).tolist(), strict=True):
        card = unpack(person.payload)
        spots[point_id(person.user_id)] = Spot(person.user_id, card.display_name, x, y, card.main_genre)
    return spots
