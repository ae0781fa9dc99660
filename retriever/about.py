"""What is told of a person themselves: in brief, and all that is kept of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from features.export import to_profile
from features.profile import TasteProfile, UserId
from features.user_features import DECADES, FIRST_DECADE, Coverage, UserFeatures, Vector
from indexer.ports import PersonVector
from retriever.answers import Counts, Person

_TOP = 10


@dataclass(frozen=True, slots=True)
class Years:
    """Release years of a person's listening."""

    mean: float
    std: float
    decades: dict[str, Annotated[float, Field(ge=0, le=1.001)]]


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What the community told of artists, where the source told nothing."""

    genres: dict[str, tuple[str, ...]]
    years: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A person in the live index: what others find them by."""

    index: str
    vector: tuple[float, ...]
    payload: dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Export:
    """All that is kept of a person."""

    user_id: UserId
    profile: Annotated[TasteProfile, Field(description="What the source told; can be sent and imported again.")]
    consent: bool
    consented_at: datetime | None
    updated_at: datetime
    coverage: Coverage
    years: Years | None
    filled_in: FilledIn
    text_model: str
    vectors: dict[str, tuple[float, ...]]
    indexed: Indexed | None


def brief_of(person: UserFeatures) -> Person:
    """What is kept of a person, in brief."""
    listening = person.listening
    artists, genres = list(listening.artist_weights()), list(listening.genre_weights())
    return Person(
        user_id=person.user_id,
        display_name=person.display_name,
        profile_url=person.profile_url,
        source=person.source,
        updated_at=person.updated_at,
        coverage=person.coverage,
        counts=Counts(len(listening.playlists), len(artists), len(genres)),
        top_artists=tuple(artists[:_TOP]),
        top_genres=tuple(genres[:_TOP]),
        decades={} if person.years is None else decades_of(person.years.decades),
    )


def export_of(person: UserFeatures, indexed: PersonVector | None, index: str) -> Export:
    """All that is kept of a person; ``indexed`` is their point in the live ``index``, None where they are not in it."""
    listening, years = person.listening, person.years
    parts = {"genre": person.genre, "artist": person.artist, "playlist": person.playlist}
    return Export(
        user_id=person.user_id,
        profile=to_profile(person),
        consent=person.consent,
        consented_at=person.consented_at,
        updated_at=person.updated_at,
        coverage=person.coverage,
        years=None if years is None else Years(years.mean, years.std, decades_of(years.decades)),
        filled_in=FilledIn(
            {artist: listening.genres[artist] for artist in sorted(listening.filled_genres)},
            tuple(sorted(listening.filled_years)),
        ),
        text_model=person.text_model,
        vectors={name: _numbers(part) for name, part in parts.items() if part is not None},
        indexed=None if indexed is None else Indexed(index, _numbers(indexed.vector), dict(indexed.payload)),
    )


def decades_of(shares: Vector) -> dict[str, float]:
    """Share of the listening by decade, such as ``1990s``, without the empty ones. ``shares``: float32 [DECADES]."""
    named = {f"{FIRST_DECADE + 10 * i}s": round(float(shares[i]), 4) for i in range(DECADES)}
    return {decade: share for decade, share in named.items() if share > 0}


def _numbers(vector: Vector) -> tuple[float, ...]:
    return tuple(vector.tolist())
