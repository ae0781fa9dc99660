"""Composition root of the retriever room: the service over the stores that the settings name."""

from __future__ import annotations

import logging
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial

from features import compose as features_compose
from features.settings import FeatureSettings, load
from features.spotify.compose import open_spotify
from features.spotify.login import Login
from features.spotify.settings import SpotifySettings
from indexer import compose as indexer_compose
from indexer.settings import IndexSettings
from retriever.assembly import Outside, assemble
from retriever.elsewhere import Elsewhere, SpotifyDoor
from retriever.eraser import COMMAND
from retriever.expirer import COMMAND as EXPIRE
from retriever.jobs import COMMANDS
from retriever.observe.metrics import Metrics
from retriever.parts import Parts
from retriever.settings import RetrieverSettings
from trainer.compose import load_model, registry
from trainer.errors import ModelMismatch
from trainer.ports import Embedder

_log = logging.getLogger(__name__)


def build(settings: RetrieverSettings, metrics: Metrics) -> Parts:
    """Open everything that is needed to answer.

    Raises:
        NoIndex, IndexUnavailable: nothing was published, or it cannot be opened.
        NoModel, BrokenModel, ModelMismatch: the model of the live index cannot be used.
        StoreError: the feature store or the outbox cannot be opened.
    """
    feature_settings = load(FeatureSettings)
    return assemble(outside(settings, feature_settings), settings, feature_settings, metrics)


def outside(settings: RetrieverSettings, feature_settings: FeatureSettings) -> Outside:
    """The stores that the settings name. Raises StoreError where they cannot be opened."""
    room = features_compose.build(feature_settings, keeps_texts=False)  # guests leave nothing behind
    refresh = None if room.refresh is None else partial(room.refresh, lambda _done, _people: None)
    if refresh is not None and not room.store.count():  # else in the background: a start needs nothing but this disk
        _log.info("fetching the feature store, of which nothing is on this disk yet")
        refresh()
    models, made = registry(settings), dict[int, datetime]()

    def fitting_embedder(version: int) -> Embedder:
        card, embedder = load_model(models, version)
        made[version] = card.created_at
        if embedder.text_model != room.encoder.name:
            raise ModelMismatch(
                f"Model v{version} was trained on the text model {embedder.text_model!r}, not {room.encoder.name!r}.",
                "Set SOUNDALIKE_TEXT_MODEL back, or import, train and index anew.",
            )
        return embedder

    with ExitStack() as stack:
        lookups = None
        if feature_settings.musicbrainz_contact is not None:
            lookups = stack.enter_context(closing(features_compose.lookups(feature_settings, room)))
        places = _elsewhere(feature_settings, stack)
        catalog = stack.enter_context(closing(indexer_compose.catalog()))
        close = stack.pop_all().close
    return Outside(
        store=room.store,
        artists=room.catalog,
        encoder=room.encoder,
        outbox=features_compose.outbox(feature_settings),
        catalog=catalog,
        load_embedder=fitting_embedder,
        model_created_at=made.get,
        elsewhere=places,
        models=models,
        jobs=COMMANDS,
        refresh=refresh,
        # Several servers may share an index on a server: none of them is to build it anew after each deletion.
        erase_command=COMMAND if load(IndexSettings).vector_index == "embedded" else None,
        lookups=lookups,
        expire_command=EXPIRE,
        close=close,
    )


def _elsewhere(features: FeatureSettings, stack: ExitStack) -> Elsewhere:
    """Spotify and ListenBrainz, to be closed with ``stack``; neither is asked anything yet."""
    settings = load(SpotifySettings)
    reading = stack.enter_context(open_spotify(settings, features.home))
    login = None
    if settings.client_id is not None:
        login = stack.enter_context(closing(Login(settings, features.home)))
    is_https = settings.redirect_url.startswith("https://")
    door = SpotifyDoor(reading, login, features.max_profile_tracks, is_https)
    listenbrainz = stack.enter_context(closing(features_compose.listenbrainz(features)))
    return Elsewhere(door, listenbrainz.read)
