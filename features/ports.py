"""The seams of the features room: what the rest of the house may ask of a text encoder, a store and a catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.profile import UserId
from features.user_features import UserFeatures

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when there are changes."""


class TextEncoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Name of the model, kept beside everything that came from it."""
        ...

    @property
    def width(self) -> int:
        """Length of a vector."""
        ...

    def warm_up(self) -> None:
        """Load now what the first text that nobody has seen would load. Raises TextModelError."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Float32 [len(texts), width], rows of unit length, in the order of ``texts``.

        Raises:
            TextModelError: the model cannot be loaded.
        """
        ...


@dataclass(frozen=True, slots=True)
class Upserted:
    """What an upsert did; a person whose content did not change is not written again."""

    added: int
    updated: int
    unchanged: int


class Changes(Protocol):
    """What is needed to follow a feature store. Every method may raise ``StoreError``.

    Stamps grow in the order in which writes are seen: after ``last_change`` was told, whatever is seen later is stamped
    later. So who asks ``since`` that time misses nothing.
    """

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        """Everybody, or those written at or after ``since``, by user id in batches; memory holds one batch."""
        ...

    def deleted(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people deleted at or after ``since`` who have not come back."""
        ...

    def departed(self, *, since: datetime) -> list[UUID]:
        """Point ids of the people who left at or after ``since``, also of those who have come back."""
        ...

    def last_change(self) -> datetime | None:
        """When somebody was last written or deleted, timezone-aware; None where nobody ever was."""
        ...


class FeatureStore(Changes, Protocol):
    """Keeps UserFeatures, and what is needed to follow its changes. Every method may raise ``StoreError``."""

    def upsert(self, people: Sequence[UserFeatures], *, anew: bool = False) -> Upserted:
        """Write all of ``people`` in one transaction; the last one wins where an id stands twice.

        With ``anew`` the unchanged are stamped, too, as an index may hold another state of them.
        """
        ...

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, UserFeatures]:
        """Those of ``user_ids`` who are known."""
        ...

    def delete(self, user_ids: Iterable[UserId]) -> int:
        """Delete and leave tombstones (point id and time, never the user id); returns how many were known.

        Those who were not known get one, too: an index may know them.
        """
        ...

    def count(self) -> int:
        """Number of people."""
        ...


@dataclass(frozen=True, slots=True)
class ArtistFacts:
    """What the community knows about an artist: ``people`` who listen, commonest genres first, the median year."""

    people: int
    genres: tuple[str, ...] = ()
    year: int | None = None


class ArtistCatalog(Protocol):
    """What the community already knows about artists; learnt from sources, never from its own answers."""

    def facts(self, artists: Iterable[str]) -> Mapping[str, ArtistFacts]:
        """Facts on those of ``artists`` (any spelling; keys of the answer are as asked) that are known."""
        ...

    def popularity(self) -> tuple[dict[str, int], dict[str, int]]:
        """Number of people per ``artist_key``, and per genre: how rare a shared artist or genre is."""
        ...


class Untagged(Protocol):
    """The artists of the community that no person's source tells the genres of."""

    def without_genres(self) -> list[str]:
        """Their ``artist_key``, those with the most listeners first, ties by name. Raises ``StoreError``."""
        ...


class CommunityCatalog(ArtistCatalog, Untagged, Protocol):
    """What the people of a feature store tell about artists, and what they do not."""


class GenreSource(Protocol):
    """Knows genres of artists."""

    def genres(self, artists: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Genres, lower case, the most fitting first, of those of ``artists`` whose genres are known now.

        Names are compared by ``artist_key``; the keys of the answer are as asked, and none has no genres. Never waits
        for a network. Raises ``StoreError`` or ``GenreTableError`` where the source cannot be read.
        """
        ...
