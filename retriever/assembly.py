"""How the parts of the application fit together, whatever stores they stand on; ``retriever.compose`` names those."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from features.build import FeatureBuilder
from features.delivery import Delivered
from features.genres.lookups import MusicBrainzLookups
from features.identity import point_id
from features.listener import Listener, identified
from features.outbox import Outbox
from features.ports import ArtistCatalog, FeatureStore, TextEncoder
from features.profile import UserId
from features.settings import FeatureSettings
from features.settled import Settled
from features.user_features import UserFeatures
from indexer.ports import IndexCatalog
from indexer.tombstones import holds_deleted
from retriever.access.idempotency import Idempotent
from retriever.access.leave_codes import LeaveCodes
from retriever.cartographer import Cartographer
from retriever.courier import Courier, Pace
from retriever.elsewhere import Elsewhere
from retriever.encoding import EncodingQueue
from retriever.eraser import Eraser
from retriever.examples import ArtistVectors
from retriever.expirer import Expirer
from retriever.follower import Follower
from retriever.guard import Guard, GuardedCatalog, GuardedStore, Patience
from retriever.history import Historian, History
from retriever.jobs import JobKind, Jobs
from retriever.lanes import Lanes
from retriever.live import Live
from retriever.lookups import GenreLookups
from retriever.members import Members
from retriever.models import ModelShelf
from retriever.observe.metrics import Metrics
from retriever.opening import Sources
from retriever.parts import Parts
from retriever.reconcile import Reconciler
from retriever.refresher import Refresher
from retriever.service import Bounds, Service, Tools
from retriever.settings import RetrieverSettings
from retriever.spotify_watch import SpotifyWatch
from retriever.status import Statuses
from trainer.ports import Embedder, ModelRegistry

ENCODED_TOGETHER = 64


@dataclass(frozen=True)
class Outside:
    """What the application stands on.

    Attributes:
        store: the feature store.
        artists: what the community knows about artists.
        encoder: of texts.
        outbox: what is not in the store yet.
        catalog: the versions of the index.
        load_embedder: the model of a version.
        model_created_at: when a version of the model was trained; None where that is unknown.
        elsewhere: where profiles are read that are not sent.
        models: all of them, with what is written about them.
        jobs: the programs that an operator may start.
        refresh: brings up to date what is known here of a store that others write to, too; None where nobody else does.
        erase_command: rewrites the versions that hold bytes of deleted people; None where nothing needs to be.
        lookups: of artists whose genres nobody knows; None where there are none.
        expire_command: deletes people whose listening may not be kept any longer; None where nobody expires.
        close: lets go of what belongs to all this.
    """

    store: FeatureStore
    artists: ArtistCatalog
    encoder: TextEncoder
    outbox: Outbox
    catalog: IndexCatalog
    load_embedder: Callable[[int], Embedder]
    elsewhere: Elsewhere
    models: ModelRegistry
    jobs: Mapping[JobKind, Sequence[str]]
    model_created_at: Callable[[int], datetime | None] = lambda _version: None
    refresh: Callable[[], None] | None = None
    erase_command: Sequence[str] | None = None
    lookups: MusicBrainzLookups | None = None
    expire_command: Sequence[str] | None = None
    close: Callable[[], None] = lambda: None


def assemble(outside: Outside, settings: RetrieverSettings, features: FeatureSettings, metrics: Metrics) -> Parts:
    """Fit the parts together; nothing runs before ``Parts.start``.

    Requests ask the feature store through a guard. The courier asks it directly: a delivery that is given up while it
    still goes on could overtake the next one, so it waits as long as the store itself does.

    Raises:
        NoIndex, IndexUnavailable: nothing was published, or it cannot be opened. NoModel, BrokenModel: its model
        cannot be loaded. StoreError: the feature store or the outbox cannot be read.
    """
    guard = Guard("feature store", Patience(settings.store_timeout_s))
    store = GuardedStore(outside.store, guard)
    changes = Settled(store, outside.outbox)
    idempotent, codes = _notes(settings, changes)
    sources = Sources(outside.catalog, changes, outside.outbox, outside.artists, outside.load_embedder)

    def forget(points: Sequence[UUID]) -> None:
        idempotent.forget(points)
        codes.void(points)
        cartographer.forget(points)

    def on_deleted(points: Sequence[UUID]) -> None:
        forget(points)
        if eraser is not None:
            eraser.want()

    live = Live(sources, on_deleted)
    cartographer = Cartographer(live, settings.map_every_s)
    members = _members(live, store, outside, codes, forget)
    watch = SpotifyWatch(outside.elsewhere.spotify, on_ended=members.forget_spotify)
    builder = FeatureBuilder(outside.encoder, GuardedCatalog(outside.artists, guard))

    def build(listeners: Sequence[Listener]) -> list[UserFeatures]:
        return builder.build(listeners, now=datetime.now(UTC), consent=True)

    eraser = _eraser(outside, settings)

    def on_delivery(done: Delivered, seconds: float) -> None:
        metrics.delivered("features", "delivered" if done.refused is None else "failed", seconds)
        if done.deleted and eraser is not None:
            eraser.want()

    pace = Pace(settings.deliver_every_s, settings.deliver_again_within_s)
    courier = Courier(outside.outbox, outside.store, pace, on_delivery=on_delivery)

    refresher = None if outside.refresh is None else Refresher(settings.refresh_every_s, outside.refresh)

    def queue() -> EncodingQueue:
        most_waiting = settings.max_requests_at_once
        return EncodingQueue(build, most_waiting=most_waiting, batch=ENCODED_TOGETHER, on_batch=metrics.encoded)

    encoding = Lanes(queue(), queue())
    bounds = Bounds(features.max_profile_tracks, settings.neighbours_asked, settings.max_reasons)

    statuses = Statuses(
        live=live,
        store=store,
        store_is_given_up=lambda: guard.is_open,
        outbox=outside.outbox,
        troubles=lambda: [courier.trouble, *([] if refresher is None else [refresher.trouble])],
        text_model=outside.encoder.name,
        model_created_at=outside.model_created_at,
        encoding_depth=lambda: encoding.depth,
        spotify=lambda: watch.status,
    )
    metrics.watch(statuses.state)
    history, jobs = History(settings.home), Jobs(outside.jobs)
    followers = (Follower(live, settings), courier, watch, cartographer, Historian(history, statuses.state), jobs)

    def close() -> None:
        live.close()
        history.close()
        outside.outbox.close()
        idempotent.close()
        codes.close()
        outside.close()

    expirer = None if outside.expire_command is None else Expirer(outside.expire_command)
    lookups = None if outside.lookups is None else GenreLookups(outside.lookups)
    return Parts(
        service=Service(live, members, Tools(builder, ArtistVectors(build), metrics.searching, codes), bounds),
        members=members,
        statuses=statuses,
        live=live,
        outbox=outside.outbox,
        reconciler=Reconciler(live, outside.outbox, outside.store, refresh=outside.refresh or (lambda: None)),
        idempotent=idempotent,
        codes=codes,
        encoding=encoding,
        elsewhere=outside.elsewhere,
        cartographer=cartographer,
        models=ModelShelf(outside.models, lambda: live.version.model_version),
        history=history,
        jobs=jobs,
        background=(*followers, *filter(None, (eraser, expirer, lookups, refresher))),
        settings=settings,
        features=features,
        identified=identified,
        warm_up=_warm_up(outside.encoder, watch, settings),
        close=close,
    )


def _members(
    live: Live, store: FeatureStore, outside: Outside, codes: LeaveCodes, forget: Callable[[Sequence[UUID]], None]
) -> Members:
    """The community; ``forget`` takes who leaves out of all that is noted beside the stores."""
    spotify = outside.elsewhere.spotify

    def on_forget(user_id: UserId) -> None:
        forget([point_id(user_id)])

    def on_join(person: UserFeatures) -> None:
        spotify.check_login(person)
        codes.void([point_id(person.user_id)])  # whoever used this id before need not be who joins now

    return Members(live, outside.outbox, store, on_forget=on_forget, on_gone=spotify.forget, on_join=on_join)


def _notes(settings: RetrieverSettings, changes: Settled) -> tuple[Idempotent, LeaveCodes]:
    """What is noted of repeated requests and of leave codes; nothing of who was deleted while no server ran."""
    idempotent = Idempotent(
        settings.home, ttl=timedelta(hours=settings.idempotency_ttl_h), max_bytes=settings.idempotency_max_mb * 2**20
    )
    codes = LeaveCodes(settings.home)
    idempotent.forget(changes.deleted(since=datetime.now(UTC) - timedelta(hours=settings.idempotency_ttl_h)))
    oldest = codes.oldest()
    if oldest is not None:
        codes.void(changes.deleted(since=oldest))
    return idempotent, codes


def _warm_up(encoder: TextEncoder, watch: SpotifyWatch, settings: RetrieverSettings) -> Callable[[], None]:
    def warm_up() -> None:
        if settings.warm_up:
            encoder.warm_up()
        watch.step()

    return warm_up


def _eraser(outside: Outside, settings: RetrieverSettings) -> Eraser | None:
    """Wants to erase from the beginning where bytes are left that an earlier process did not come to erase."""
    if outside.erase_command is None:
        return None
    eraser = Eraser(settings.erase_every_s, outside.erase_command)
    if any(holds_deleted(version, outside.store) for version in outside.catalog.versions()):
        eraser.want()
    return eraser
