"""Composition root of the trainer room: which parts a run is made of. The rooms below load models through here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.settings import HomeSettings
from trainer.ports import Embedder, ModelCard, ModelRegistry
from trainer.registry import LocalModelRegistry

if TYPE_CHECKING:
    from trainer.trained import TrainedModel


def registry(settings: HomeSettings) -> ModelRegistry:
    """The model registry that the settings name.

    Raises:
        SettingsError: it is in Hopsworks, and the settings do not say where, or its SDK is not installed.
    """
    if settings.model_registry == "hopsworks":
        from features.hopsworks.compose import folder_of, session
        from trainer.hopsworks.registry import HopsworksModelRegistry

        return HopsworksModelRegistry(session(), folder_of(settings.home) / "models")
    return LocalModelRegistry(settings.home / "models")


def load_embedder(settings: HomeSettings, version: int) -> Embedder:
    """A registered model, ready to embed people.

    Raises:
        NoModel: there is no such version.
        BrokenModel: its files are damaged.
    """
    return load_model(registry(settings), version)[1]


def load_model(models: ModelRegistry, version: int) -> tuple[ModelCard, TrainedModel]:
    """A model out of any registry, with its card; errors as in :func:`load_embedder`."""
    from trainer.errors import BrokenModel
    from trainer.trained import restore

    card, parts = models.load(version)
    shape = card.config.get("shape")
    if not isinstance(shape, dict):
        raise BrokenModel(f"Model {version} does not say its shape.", "Train a new one: python -m trainer train")
    return card, restore(shape, parts, text_model=card.text_model, version=version)
