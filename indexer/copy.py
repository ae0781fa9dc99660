"""Move a community from one index to another, as it is: vectors, payloads and facts, with no model and no features."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from indexer.build import ASKED, BuildOptions, whole_or_not
from indexer.check import check_count, check_recall
from indexer.ports import IndexCatalog, IndexVersion, UserIndex, VersionBuilder
from indexer.sample import Sampler

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did.

    Attributes:
        source: the version that was copied.
        version: the one that holds the same people now, and is live there.
        written: people who were written; the others had been by a copy that was broken off.
    """

    source: IndexVersion
    version: IndexVersion
    written: int


def copy_live(source: IndexCatalog, target: IndexCatalog, options: BuildOptions) -> Copied:
    """Copy the live version, check the copy as any new version is checked, and publish it.

    Whoever opens it brings it up to date since the source's watermark, so nobody who comes or goes meanwhile is lost.
    Broken off, it goes on the next time where ``target`` can.

    Raises:
        NoIndex: nothing was published at the source.
        IndexInUse: another process has the source open.
        IndexRejected: the copy failed a check. IndexUnavailable: an index fails.
    """
    with closing(source.open(source.live().name)) as index:
        options.say("copying people")
        builder = target.create(index.version.model_version, index.version.width)
        with whole_or_not(builder):
            version, written = _fill_and_check(builder, index, options)
            builder.seal(version)
        options.say("publishing")
        target.publish(version.name)
        target.prune(options.keep_versions)
        return Copied(index.version, version, written)


def _fill_and_check(builder: VersionBuilder, index: UserIndex, options: BuildOptions) -> tuple[IndexVersion, int]:
    sampler, people, written = Sampler(ASKED, index.version.width), 0, 0
    for batch in index.walk(None, _BATCH):
        if not batch:
            continue
        written += builder.add(batch)
        sampler.add([person.user_id for person in batch], np.stack([person.vector for person in batch]))
        people += len(batch)
        options.on_people(len(batch))
    options.say("building the graph")
    copy = builder.finish()
    check_count(copy, people)
    options.say("checking recall against exact search")
    recall = check_recall(copy, sampler.sample(ASKED), options.min_recall)
    facts = replace(
        index.version, name=copy.version.name, count=people, created_at=options.clock(), recall_at_10=round(recall, 4)
    )
    return facts, written
