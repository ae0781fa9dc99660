"""Composition root of the features room: which store, catalogue, encoder and builder the settings mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.build import FeatureBuilder
from features.outbox import Outbox
from features.ports import ArtistCatalog, FeatureStore, TextEncoder
from features.settings import FeatureSettings
from features.sqlite.store import SqliteFeatureStore
from features.text_cache import CachedTextEncoder, Progress
from features.text_encoder import SentenceTransformerEncoder

LOCAL_BATCH, REMOTE_BATCH = 250, 5_000
"""People between two writes of an import: what an interruption can lose, and what memory holds. A write to a remote
store takes a second, however few they are."""


@dataclass(frozen=True)
class Features:
    """The parts of the room, wired.

    Attributes:
        store: where people are kept.
        catalog: what the community knows about artists.
        encoder: of texts.
        builder: makes features.
        refresh: brings up to date what is known here of a store elsewhere that others write to, too; told how many
            people are done, and how many there are. Raises StoreError. None where the store is on this disk.
        batch: how many people to write at once.
    """

    store: FeatureStore
    catalog: ArtistCatalog
    encoder: TextEncoder
    builder: FeatureBuilder
    refresh: Callable[[Progress], None] | None = None
    batch: int = LOCAL_BATCH


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
    if encoder is None:
        model = SentenceTransformerEncoder(settings.text_model)
        encoder = CachedTextEncoder(model, settings.home / "texts.db", keeps=keeps_texts, on_progress=on_encoding)
    if settings.feature_store == "hopsworks":
        from features.hopsworks.compose import feature_store

        remote = feature_store(settings.home)
        builder = FeatureBuilder(encoder, remote.catalog)
        return Features(remote, remote.catalog, encoder, builder, remote.refresh, REMOTE_BATCH)
    store = local_store(settings)
    return Features(store, store.catalog, encoder, FeatureBuilder(encoder, store.catalog))


def local_store(settings: FeatureSettings) -> SqliteFeatureStore:
    """The feature store on this disk, whatever the settings say. Raises StoreError where the folder cannot be used."""
    return SqliteFeatureStore(settings.home / "features.db")


def outbox(settings: FeatureSettings) -> Outbox:
    """What was acknowledged and is not in the feature store yet. Raises StoreError where the folder cannot be used."""
    return Outbox(settings.home / "outbox.db")
