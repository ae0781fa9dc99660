"""Composition root of the features room: which store, catalogue, encoder and builder the settings mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.build import FeatureBuilder
from features.errors import SettingsError
from features.genres.answers import MusicBrainzGenres
from features.genres.sources import FirstKnown, WiderCatalog
from features.genres.table import TableGenres
from features.metabrainz.database import metabrainz_database
from features.outbox import Outbox
from features.ports import ArtistCatalog, CommunityCatalog, FeatureStore, GenreSource, TextEncoder
from features.settings import FeatureSettings
from features.sqlite.store import SqliteFeatureStore
from features.text_cache import CachedTextEncoder, Progress
from features.text_encoder import SentenceTransformerEncoder

if TYPE_CHECKING:  # a process that asks nobody outside needs no HTTP client
    from features.genres.lookups import MusicBrainzLookups
    from features.listenbrainz.profiles import ListenBrainzProfiles

LOCAL_BATCH, REMOTE_BATCH = 250, 5_000
"""People between two writes of an import: what an interruption can lose, and what memory holds. A write to a remote
store takes a second, however few they are."""


@dataclass(frozen=True)
class Features:
    """The parts of the room, wired.

    Attributes:
        store: where people are kept.
        catalog: what the community knows about artists, and genres of others that a further source knows.
        encoder: of texts.
        builder: makes features.
        refresh: brings up to date what is known here of a store elsewhere that others write to, too; told how many
            people are done, and how many there are. Raises StoreError. None where the store is on this disk.
        batch: how many people to write at once.
        community: what the community alone knows about artists; None where nobody asks for it.
    """

    store: FeatureStore
    catalog: ArtistCatalog
    encoder: TextEncoder
    builder: FeatureBuilder
    refresh: Callable[[Progress], None] | None = None
    batch: int = LOCAL_BATCH
    community: CommunityCatalog | None = None


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
        catalog = _wider(remote.catalog, settings)
        builder = FeatureBuilder(encoder, catalog)
        return Features(remote, catalog, encoder, builder, remote.refresh, REMOTE_BATCH, remote.catalog)
    store = local_store(settings)
    catalog = _wider(store.catalog, settings)
    return Features(store, catalog, encoder, FeatureBuilder(encoder, catalog), community=store.catalog)


def lookups(settings: FeatureSettings, room: Features) -> MusicBrainzLookups:
    """Look-ups at MusicBrainz of the artists of ``room`` whose genres nobody knows; to be closed.

    Raises:
        SettingsError: MusicBrainz is off, as nobody is named whom it could write to.
        StoreError: the folder cannot be used.
    """
    if settings.musicbrainz_contact is None or room.community is None:
        raise SettingsError(
            "MusicBrainz is off: SOUNDALIKE_MUSICBRAINZ_CONTACT is not set.",
            "Set it to an e-mail or web address of yours, which MusicBrainz asks every program for.",
        )
    from features.genres.lookups import MusicBrainzLookups
    from features.genres.musicbrainz import MusicBrainz
    from features.metabrainz.pace import Pace
    from features.metabrainz.web import Web

    database = metabrainz_database(settings.home)
    pace = Pace(database, "MusicBrainz")
    web = Web("MusicBrainz", settings.musicbrainz_url, pace, contact=settings.musicbrainz_contact)
    return MusicBrainzLookups(room.community, MusicBrainzGenres(database), MusicBrainz(web), _tables(settings))


def listenbrainz(settings: FeatureSettings) -> ListenBrainzProfiles:
    """Profiles from ListenBrainz; to be closed. Raises StoreError where the folder cannot be used."""
    from features.listenbrainz.profiles import ListenBrainzProfiles
    from features.metabrainz.pace import Pace
    from features.metabrainz.web import Web

    pace = Pace(metabrainz_database(settings.home), "ListenBrainz")
    web = Web("ListenBrainz", settings.listenbrainz_url, pace, contact=settings.musicbrainz_contact)
    return ListenBrainzProfiles(web, max_tracks=settings.max_profile_tracks)


def local_store(settings: FeatureSettings) -> SqliteFeatureStore:
    """The feature store on this disk, whatever the settings say. Raises StoreError where the folder cannot be used."""
    return SqliteFeatureStore(settings.home / "features.db")


def _wider(community: CommunityCatalog, settings: FeatureSettings) -> ArtistCatalog:
    """The community's catalogue, and behind it the operator's table, and behind that what MusicBrainz answered."""
    further = _tables(settings)
    if settings.musicbrainz_contact is not None:
        further.append(MusicBrainzGenres(metabrainz_database(settings.home)))
    return WiderCatalog(community, FirstKnown(further)) if further else community


def _tables(settings: FeatureSettings) -> list[GenreSource]:
    return [] if settings.genre_table is None else [TableGenres(settings.genre_table)]


def outbox(settings: FeatureSettings) -> Outbox:
    """What was acknowledged and is not in the feature store yet. Raises StoreError where the folder cannot be used."""
    return Outbox(settings.home / "outbox.db")
