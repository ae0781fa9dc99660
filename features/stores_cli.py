"""The commands on stores as a whole: sync, refresh, vacuum, migrate. Registered in ``features.cli``."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from features import console
from features.errors import SettingsError
from features.ports import EVER
from features.settings import FeatureSettings, load


class Place(StrEnum):
    """Where features can be kept."""

    LOCAL = "local"
    HOPSWORKS = "hopsworks"


def sync(
    source: Annotated[Place, typer.Option("--from", help="The store to read.")],
    target: Annotated[Place, typer.Option("--to", help="The store to write to.")],
) -> None:
    """Bring everybody from one feature store to the other: local, on this disk, or hopsworks.

    Who was deleted from the target stays deleted, and nobody is deleted. Who is the same there already is passed over,
    so a sync that was cut off goes on when it is given again. At the end both stores are compared by a checksum over
    everybody and all that is known of them.

    Example: python -m features sync --from local --to hopsworks
    """
    from features import compose
    from features.delivery import deliver_all
    from features.sync import LocalShelf
    from features.sync import sync as bring

    if source == target:
        raise SettingsError("A store cannot be synced with itself.", "Name two: --from local --to hopsworks")
    settings = load(FeatureSettings)
    with closing(compose.outbox(settings)) as outbox:
        if outbox.depth().waiting:
            deliver_all(outbox, compose.build(settings).store)  # what a server acknowledged belongs to it
    from features.hopsworks import compose as remote

    local = LocalShelf(compose.local_store(settings))
    if source == Place.LOCAL:
        with remote.alone(settings.home) as (people, gone), console.progress() as bar:
            task = bar.add_task(f"syncing to {target}", total=None)
            done = bring(local, people, lambda count: bar.advance(task, count), gone=gone)
    else:
        with closing(remote.feature_store(settings.home)) as store, console.progress() as bar:
            task = bar.add_task(f"syncing to {target}", total=None)
            store.refresh(lambda got, people: bar.update(task, description=f"fetching {got:,} of {people:,} people"))
            gone = set(compose.local_store(settings).deleted(since=EVER))
            done = bring(LocalShelf(store), local, lambda count: bar.advance(task, count), gone=gone)
    console.stderr().print(
        f"synced {done.people:,}: {done.added:,} new, {done.updated:,} changed, {done.unchanged:,} the same; "
        f"only in {target}: {done.only_there:,}; deleted there and left out: {done.left_out:,}. "
        f"Checksum {done.checksum}, the same in both."
    )


def refresh() -> None:
    """Fetch what others wrote to a feature store in Hopsworks, so that it can be read on this disk.

    Other commands do it by themselves before they read; a server does it once a minute.
    """
    from features import compose
    from features.refreshing import refreshed

    room = refreshed(compose.build(load(FeatureSettings)))
    console.stderr().print(f"{room.store.count():,} people")


def vacuum(
    retention_hours: Annotated[
        int, typer.Option(min=0, help="Keep files that are younger than this, for queries that still read them.")
    ] = 1,
) -> None:
    """Make deletion in Hopsworks complete: rewrite the feature group's files and delete those that no longer count.

    Deleted people are out of every query at once; the files of the feature group hold their rows until this is run.
    """
    from features.hopsworks import compose as remote

    settings = load(FeatureSettings)
    if settings.feature_store != "hopsworks":
        raise SettingsError(
            "The feature store on this disk needs no vacuum: a deletion there overwrites the bytes.",
            "For the one in Hopsworks, set SOUNDALIKE_FEATURE_STORE=hopsworks.",
        )
    with closing(remote.feature_store(settings.home)) as store, console.stderr().status("vacuuming"):
        left = store.vacuum(retention_hours)
    console.stderr().print(f"vacuumed; {left:,} rows left over from earlier states were removed")


def migrate(
    consent: Annotated[bool, typer.Option("--consent", help="These people agreed to be found by others.")] = False,
) -> None:
    """Bring the people of version 2 of the feature group in Hopsworks into the feature store.

    Version 2 holds three vectors a person and nothing else, in doubles. People who are in the store already are left as
    they are. The vectors must have come from the model that SOUNDALIKE_TEXT_MODEL names.
    """
    from features import compose
    from features.hopsworks.compose import legacy_group
    from features.hopsworks.legacy import Origin
    from features.identity import point_id
    from features.refreshing import refreshed

    room = refreshed(compose.build(load(FeatureSettings)))
    origin = Origin(room.encoder.name, room.encoder.width, consent, datetime.now(UTC))
    gone = set(room.store.deleted(since=EVER))  # they stay deleted
    added = known = 0
    with console.progress() as bar, closing(legacy_group().people(origin)) as batches:
        task = bar.add_task("migrating", total=None)
        for people in batches:
            there = room.store.get([person.user_id for person in people])
            new = [each for each in people if each.user_id not in there and point_id(each.user_id) not in gone]
            added += room.store.upsert(new).added
            known += len(people) - len(new)
            bar.advance(task, len(people))
    console.stderr().print(f"migrated {added:,}; left as they are: {known:,}")
