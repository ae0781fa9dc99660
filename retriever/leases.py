"""What the service asks of the live version: to work with one unit of index and model at a time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from retriever.opening import Unit


class Leases(Protocol):
    """Hands out a unit for the time of a question; ``retriever.live.Live`` does."""

    @property
    def people(self) -> Mapping[int, int]:
        """How many listen to an artist or a genre, by ``indexer.terms.numbered``."""
        ...

    def lease(self) -> AbstractContextManager[Unit]:
        """Work with a unit until the block ends. Raises IndexUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class OneUnit:
    """Hands out one unit again and again, for as long as whoever made this has leased it."""

    unit: Unit
    people: Mapping[int, int]

    def lease(self) -> AbstractContextManager[Unit]:
        """The unit."""
        return nullcontext(self.unit)
