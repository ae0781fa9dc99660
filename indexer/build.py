"""Build a version of the index: have everybody embedded and added, check, publish, prune. No engine here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from features.ports import FeatureStore
from indexer.axes import FITTED_ON, axes_of
from indexer.check import check_count, check_recall, similarity_quantiles
from indexer.embedding import Engine, SingleProcess
from indexer.errors import IndexRejected, IndexUnavailable
from indexer.follow import WRITE_MAY_LAST, catch_up
from indexer.ports import IndexCatalog, IndexVersion, VersionBuilder
from indexer.sample import Sampler
from indexer.tombstones import cleared
from trainer.ports import Embedder

SAMPLE, ASKED = FITTED_ON, 1_000
"""People whose vectors are kept in memory for similarities and axes, and people who ask for the recall."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class BuildOptions:
    """How to build.

    Attributes:
        keep_versions: how many versions stay afterwards.
        min_recall: recall@10 that the version must reach.
        seed: of the pairs whose similarity is measured.
        engine: who embeds people.
        on_people: told how many more people are in.
        say: told what is being done.
        clock: the time, timezone-aware.
    """

    keep_versions: int = 2
    min_recall: float = 0.98
    seed: int = 0
    engine: Engine = field(default_factory=SingleProcess)
    on_people: Callable[[int], None] = field(default=lambda _count: None)
    say: Callable[[str], None] = field(default=lambda _what: None)
    clock: Callable[[], datetime] = _now


def build_index(
    features: FeatureStore, embedder: Embedder, catalog: IndexCatalog, options: BuildOptions
) -> IndexVersion:
    """Build, check and publish a version; what fails leaves the live one as it is, and nothing behind.

    People who come, change or go while it is built are caught up with before it is published, and once more by
    whoever opens it.

    Raises:
        IndexRejected: there is nobody to index, or the version failed a check.
        ModelMismatch: features come from another text model than the embedder's.
    """
    version = build_version(features, embedder, catalog, options)
    options.say("publishing")
    catalog.publish(version.name)
    catalog.prune(options.keep_versions)
    return version


def build_version(
    features: FeatureStore, embedder: Embedder, catalog: IndexCatalog, options: BuildOptions
) -> IndexVersion:
    """The same, without publishing it."""
    free_of = cleared(features, now=options.clock())  # who goes from now on may leave bytes behind
    builder = catalog.create(embedder.version, embedder.width)
    with whole_or_not(builder):
        version = replace(_fill_and_check(builder, features, embedder, options), cleared=free_of)
        builder.seal(version)
    return version


@contextmanager
def whole_or_not(builder: VersionBuilder) -> Iterator[None]:
    """A block that seals the version, or leaves nothing; what broke off, as it may go on later, is only paused.

    Raises:
        BaseException: what the block raises.
    """
    try:
        yield
    except (KeyboardInterrupt, IndexUnavailable):
        builder.pause()
        raise
    except BaseException:
        builder.abort()
        raise


def _fill_and_check(
    builder: VersionBuilder, features: FeatureStore, embedder: Embedder, options: BuildOptions
) -> IndexVersion:
    watermark = options.clock() - WRITE_MAY_LAST
    sampler = Sampler(SAMPLE, embedder.width)
    people = 0
    options.say("embedding people")
    for batch in options.engine.fill(builder, features, embedder):
        sampler.add(batch.user_ids, batch.vectors)
        people += len(batch.user_ids)
        options.on_people(batch.read)
    if not people:
        raise IndexRejected("There is nobody to index.", "Import profiles: python -m features import PATH")
    options.say("building the graph")
    index = builder.finish()
    check_count(index, people)
    options.say("checking recall against exact search")
    recall = check_recall(index, sampler.sample(ASKED), options.min_recall)
    everybody = sampler.sample(SAMPLE)[1]
    caught_up = options.clock() - WRITE_MAY_LAST
    catch_up(index, features, embedder, since=watermark)
    return replace(
        index.version,
        count=index.count(),
        watermark=caught_up,
        created_at=options.clock(),
        recall_at_10=round(recall, 4),
        similarity_quantiles=similarity_quantiles(everybody, options.seed),
        axes=axes_of(everybody),
    )
