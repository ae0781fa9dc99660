"""The seams of the trainer room: what the rooms below may ask of a model and of a model registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a registered model.

    Attributes:
        version: from 1, given by the registry.
        created_at: when it was registered.
        text_model: the text encoder that its features came from.
        config: every setting that it was trained with.
        metrics: the evaluation, by name (``halves_hit_at_10``); letters, digits and underscores.
        training: people, epochs, fingerprint of the data.
        accepted: whether the gate let it take the live model's place; ``latest`` and ``best`` pass over the others.
        verdict: what the gate said, in one sentence.
    """

    version: int
    created_at: datetime
    text_model: str
    config: dict[str, Any]
    metrics: dict[str, float]
    training: dict[str, Any]
    accepted: bool = True
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What a model is made of.

    Attributes:
        tensors: all its numbers, by name.
        texts: all its words, by name.
        documents: what is written about it (the evaluation report, pictures), by file name; never needed to run it.
    """

    tensors: dict[str, npt.NDArray[Any]]
    texts: dict[str, list[str]]
    documents: Mapping[str, bytes] = field(default_factory=dict)


class ModelRegistry(Protocol):
    """Keeps trained models by version: tensors and JSON, never pickle."""

    def save(self, card: ModelCard, parts: ModelParts) -> int:
        """Register a model all at once or not at all; ``card.version`` is ignored, the new version is returned."""
        ...

    def load(self, version: int) -> tuple[ModelCard, ModelParts]:
        """A model and its card, without documents. Raises NoModel or BrokenModel."""
        ...

    def documents(self, version: int) -> dict[str, bytes]:
        """What is written about a model, by file name. Raises NoModel or BrokenModel."""
        ...

    def cards(self) -> list[ModelCard]:
        """All models, oldest first."""
        ...

    def latest(self) -> int:
        """The newest accepted version. Raises NoModel."""
        ...

    def best(self, metric: str) -> int:
        """The accepted version with the highest value of a metric, the newest of equals. Raises NoModel."""
        ...
