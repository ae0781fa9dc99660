"""Opening a version as a unit of index and model, in the state that was acknowledged last."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from circuitbreaker import CircuitBreaker

from features.identity import point_id
from features.outbox import Outbox
from features.ports import ArtistCatalog, Changes
from indexer.errors import IndexUnavailable, NoIndex
from indexer.follow import catch_up, vectors_of
from indexer.ports import IndexCatalog, IndexVersion, UserIndex
from trainer.errors import ModelMismatch
from trainer.ports import Embedder

_FAILURES = 5  # in a row; fewer may be the question's fault, and the index is not taken away for them
_TRIED_AGAIN_AFTER_S = 3600  # never by a request: the unit is opened anew instead
_BATCH = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """What a live version is made from.

    Attributes:
        catalog: the versions.
        changes: of the feature store, without those that the outbox knows better.
        outbox: what is not in the store yet.
        artists: how many people know an artist.
        load_embedder: the model of a version.
    """

    catalog: IndexCatalog
    changes: Changes
    outbox: Outbox
    artists: ArtistCatalog
    load_embedder: Callable[[int], Embedder]


def _breaker() -> CircuitBreaker:
    return CircuitBreaker(_FAILURES, _TRIED_AGAIN_AFTER_S, IndexUnavailable, name="index")


@dataclass
class Unit:
    """An opened version with the model that made its vectors.

    Attributes:
        index: open.
        embedder: of the same version.
        version: the index's facts.
        breaker: opens after some failures in a row.
        is_stale: a change failed, so it does not hold what it should.
        leases: how many requests work with it.
    """

    index: UserIndex
    embedder: Embedder
    version: IndexVersion
    breaker: CircuitBreaker = field(default_factory=_breaker)
    is_stale: bool = False
    leases: int = 0

    @property
    def is_down(self) -> bool:
        """Whether it has to be opened again before anybody may use it."""
        return self.is_stale or bool(self.breaker.opened)

    def close(self) -> None:
        """Let go of the index; one that cannot even be closed is lost, not the service."""
        try:
            self.index.close()
        except IndexUnavailable as error:
            _log.warning("%s", error)


def open_live(sources: Sources) -> Unit:
    """Open the version that is live, also where an eraser puts another in its place just now.

    Raises:
        NoIndex: nothing was published. And what :func:`open_unit` raises.
    """
    while True:
        version = sources.catalog.live()
        try:
            return open_unit(sources, version)
        except NoIndex:
            if sources.catalog.live().name == version.name:
                raise


def open_unit(sources: Sources, version: IndexVersion) -> Unit:
    """Open a version and bring it up to date.

    Raises:
        IndexUnavailable: it cannot be opened. NoModel, BrokenModel: its model cannot be loaded.
        ModelMismatch: the model makes vectors of another width.
        StoreError: the changes since it was built cannot be read.
    """
    embedder = sources.load_embedder(version.model_version)
    if embedder.width != version.width:
        raise ModelMismatch(
            f"Model v{embedder.version} makes vectors of width {embedder.width}; {version.name} holds {version.width}.",
            "Build a new index with: python -m indexer",
        )
    unit = Unit(sources.catalog.open(version.name), embedder, version)
    try:
        bring_up_to_date(unit, sources, since=version.watermark)
    except BaseException:
        unit.close()
        raise
    return unit


def settled_until(sources: Sources) -> datetime | None:
    """The time of the last change; whoever has followed the changes until then misses nothing by asking since then.

    None where nothing has ever changed, or something is on its way from the outbox to the store just now: that is left
    out of the changes although it may be stamped already. Raises StoreError.
    """
    with sources.outbox.at_rest() as is_at_rest:
        return sources.changes.last_change() if is_at_rest else None


def bring_up_to_date(unit: Unit, sources: Sources, *, since: datetime) -> None:
    """Apply all that waits in the outbox, then the store's changes since; what was acknowledged is findable.

    In this order, so that a state that is delivered in between is applied twice and not left out.
    """
    for batch in sources.outbox.batches(_BATCH):
        people = [waiting.person for waiting in batch if waiting.person is not None]
        unit.index.delete([point_id(waiting.user_id) for waiting in batch if waiting.person is None])
        if people:
            unit.index.upsert(vectors_of(people, unit.embedder))
    catch_up(unit.index, sources.changes, unit.embedder, since=since)
