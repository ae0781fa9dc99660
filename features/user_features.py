"""UserFeatures: what the feature store keeps of a person. Pure data; how it is made lives in ``features.build``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from features.listening import Listening
from features.profile import UserId

Vector = npt.NDArray[np.float32]

FIRST_DECADE, DECADES = 1920, 12
"""Decade bins of :class:`YearStats`: 1920s and before, 1930s, …, 2020s, 2030s and after."""


@dataclass(frozen=True, slots=True)
class YearStats:
    """Release years, weighted by log plays as the artists are.

    Attributes:
        mean: weighted mean year.
        std: weighted standard deviation in years.
        decades: float32 [DECADES], share of the weight per decade; sums to 1.
    """

    mean: float
    std: float
    decades: Vector


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is known, 0 to 1: the share of the artists' weight with genres, and with a release year."""

    genres: float
    years: float


@dataclass(frozen=True, slots=True)
class UserFeatures:
    """A person in the feature store.

    ``genre``, ``artist`` and ``playlist`` are float32 unit vectors of the text encoder's width (384), or None where
    the source says nothing; a missing part is never a zero vector. ``text_model`` names the encoder they came from.
    ``updated_at`` is timezone-aware UTC, and so is ``consented_at``: when the person agreed to be found by others, None
    where they did not. Readings that are no act of theirs leave it as it is.
    """

    user_id: UserId
    display_name: str | None
    profile_url: str | None
    source: str
    consented_at: datetime | None
    updated_at: datetime
    text_model: str
    genre: Vector | None
    artist: Vector | None
    playlist: Vector | None
    years: YearStats | None
    coverage: Coverage
    listening: Listening

    @property
    def consent(self) -> bool:
        """Whether the person agreed to be found by others."""
        return self.consented_at is not None
