"""The commands on people as files: dump and load. Registered in ``features.cli``."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from features import console
from features.errors import SettingsError
from features.settings import FeatureSettings, load
from features.tables.shards import MOST_SHARDS

_SHOWN = 10
_EXTRA = "soundalike[parquet]"


def dump(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    shards: Annotated[int, typer.Option(min=1, max=MOST_SHARDS, help="How many files.")] = 16,
) -> None:
    """Write everybody as parquet files, one a shard, for Spark, Ray, DuckDB or another machine to read.

    A person is in the shard that their id's hash names, so shards are of about one size. The columns are those of the
    feature group in Hopsworks; docs/scaling.md tells them. The files hold people's listening: delete them when they
    have served.

    Example: python -m features dump people --shards 64
    """
    _must_have_parquet()
    from features import compose
    from features.delivery import deliver_all
    from features.refreshing import refreshed
    from features.tables.shards import by_hash, write_shards

    settings = load(FeatureSettings)
    store = refreshed(compose.build(settings)).store
    with closing(compose.outbox(settings)) as outbox:
        deliver_all(outbox, store)  # what a server acknowledged belongs to it
    with console.progress() as bar:
        task = bar.add_task("dumping", total=store.count())
        people = write_shards(store.scan(), folder, by_hash(shards), shards, lambda count: bar.advance(task, count))
    console.stderr().print(f"dumped {people:,} people to {shards} files in {folder}")


def load_(
    path: Annotated[Path, typer.Argument(help="A folder with parquet files, or one of them.")],
) -> None:
    """Take the people of parquet files into the feature store, whoever split, joined or filtered the files.

    The newest state of everybody wins, and who was deleted from the store stays deleted. A row whose content is not
    what was written is refused and named: changed listening comes in by import, which makes its vectors anew. The exit
    code is then 2.
    """
    _must_have_parquet()
    from features import compose
    from features.delivery import deliver_all
    from features.refreshing import refreshed
    from features.tables.shards import Shards
    from features.tables.taking import Taker

    settings, files, begun_at = load(FeatureSettings), Shards(path), datetime.now(UTC)
    store = refreshed(compose.build(settings)).store
    with closing(compose.outbox(settings)) as outbox, console.progress() as bar:
        deliver_all(outbox, store)  # must not come later than what is loaded
        taker = Taker(store, outbox, begun_at)
        done = taker.taken
        task = bar.add_task("loading", total=files.count())
        try:
            taker.take(files, lambda count: bar.advance(task, count))
        finally:
            console.stderr().print(
                f"loaded {done.added:,} new, {done.updated:,} changed, {done.unchanged:,} the same; older than here: "
                f"{done.older:,}; deleted here and left out: {done.left_out:,}; refused: {len(done.refused):,}"
            )
            for where in done.refused[:_SHOWN]:
                console.stderr().print(f"refused: {where} is not what was written", highlight=False)
    if done.refused:
        raise typer.Exit(console.EXIT_BAD_INPUT)


def _must_have_parquet() -> None:
    if find_spec("pyarrow") is None:
        raise SettingsError("Parquet files need pyarrow, which is not installed.", f"pip install '{_EXTRA}'")
