"""Composition root of the retriever room: the service over the stores that the settings name."""

from __future__ import annotations

from features import compose as features_compose
from features.listener import identified
from features.settings import FeatureSettings, load
from indexer import compose as indexer_compose
from retriever.live import Live, Sources
from retriever.parts import Parts
from retriever.service import Bounds, Service
from retriever.settings import RetrieverSettings
from trainer.compose import load_embedder
from trainer.errors import ModelMismatch
from trainer.ports import Embedder


def build(settings: RetrieverSettings) -> Parts:
    """Open everything that is needed to answer.

    Raises:
        NoIndex, IndexUnavailable: nothing was published, or it cannot be opened.
        NoModel, BrokenModel, ModelMismatch: the model of the live index cannot be used.
        StoreError: the feature store cannot be opened.
    """
    feature_settings = load(FeatureSettings)
    room = features_compose.build(feature_settings)

    def fitting_embedder(version: int) -> Embedder:
        embedder = load_embedder(settings, version)
        if embedder.text_model != room.encoder.name:
            raise ModelMismatch(
                f"Model v{version} was trained on the text model {embedder.text_model!r}, not {room.encoder.name!r}.",
                "Set SOUNDALIKE_TEXT_MODEL back, or import, train and index anew.",
            )
        return embedder

    live = Live(Sources(indexer_compose.catalog(), room.store, room.catalog, fitting_embedder))
    bounds = Bounds(feature_settings.max_profile_tracks, settings.neighbours_asked, settings.max_reasons)
    service = Service(live, room.store, room.builder, bounds)
    return Parts(service, settings, feature_settings, identified, room.encoder.warm_up, live.close)
