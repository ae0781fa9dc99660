"""Composition root of the features room: which store, catalogue, encoder and builder the settings mean."""

from __future__ import annotations

from dataclasses import dataclass

from features.build import FeatureBuilder
from features.outbox import Outbox
from features.ports import ArtistCatalog, FeatureStore, TextEncoder
from features.settings import FeatureSettings
from features.sqlite.store import SqliteFeatureStore
from features.text_cache import CachedTextEncoder, Progress
from features.text_encoder import SentenceTransformerEncoder


@dataclass(frozen=True)
class Features:
    """The parts of the room, wired."""

    store: FeatureStore
    catalog: ArtistCatalog
    encoder: TextEncoder
    builder: FeatureBuilder


def build(
    settings: FeatureSettings,
    *,
    encoder: TextEncoder | None = None,
    keeps_texts: bool = True,
    on_encoding: Progress | None = None,
) -> Features:
    """Wire the room.

    Args:
        settings: where everything lives, and which text model.
        encoder: in place of the text model, for tests.
        keeps_texts: whether the vectors of new texts are kept, so that they are never encoded again.
        on_encoding: told how many of the texts that were never seen before are encoded, and how many there are.

    Raises:
        StoreError: the folder cannot be used.
    """
    store = SqliteFeatureStore(settings.home / "features.db")
    if encoder is None:
        model = SentenceTransformerEncoder(settings.text_model)
        encoder = CachedTextEncoder(model, settings.home / "texts.db", keeps=keeps_texts, on_progress=on_encoding)
    return Features(store, store.catalog, encoder, FeatureBuilder(encoder, store.catalog))


def outbox(settings: FeatureSettings) -> Outbox:
    """What was acknowledged and is not in the feature store yet. Raises StoreError where the folder cannot be used."""
    return Outbox(settings.home / "outbox.db")
