"""The seams of the trainer room: what the rooms below may ask of a model and of a model registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from features.user_features import UserFeatures

TOWERS = ("genre", "artist", "playlist")


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What a model makes of n people.

    Attributes:
        joint: float32 [n, width], unit rows: the user embeddings that the index holds.
        towers: float32 [n, len(TOWERS), tower_width], unit rows; zero where the person lacks that part.
    """

    joint: npt.NDArray[np.float32]
    towers: npt.NDArray[np.float32]


class Embedder(Protocol):
    """A trained model, ready to embed people; the same people give the same vectors, alone or in a batch."""

    @property
    def version(self) -> int:
        """Version in the model registry, from 1."""
        ...

    @property
    def width(self) -> int:
        """Length of a user embedding."""
        ...

    @property
    def text_model(self) -> str:
        """The text encoder that the features must come from."""
        ...

    def embed(self, people: Sequence[UserFeatures]) -> Embeddings:
        """Embed people.

        Raises:
            ModelMismatch: somebody's features come from another text model.
        """
        ...
