"""Composition root of the trainer room: which parts a run is made of. The rooms below load models through here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.settings import HomeSettings
from trainer.ports import Embedder, ModelRegistry
from trainer.registry import LocalModelRegistry

if TYPE_CHECKING:
    from trainer.trained import TrainedModel


def registry(settings: HomeSettings) -> ModelRegistry:
    """The model registry that the settings name."""
    return LocalModelRegistry(settings.home / "models")


def load_embedder(settings: HomeSettings, version: int) -> Embedder:
    """A registered model, ready to embed people.

    Raises:
        NoModel: there is no such version.
        BrokenModel: its files are damaged.
    """
    return load_model(registry(settings), version)


def load_model(models: ModelRegistry, version: int) -> TrainedModel:
    """A model out of any registry; errors as in :func:`load_embedder`."""
    from trainer.errors import BrokenModel
    from trainer.trained import restore

    card, parts = models.load(version)
    shape = card.config.get("shape")
    if not isinstance(shape, dict):
        raise BrokenModel(f"Model {version} does not say its shape.", "Train a new one: python -m trainer train")
    return restore(shape, parts, text_model=card.text_model, version=version)
