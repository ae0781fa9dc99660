"""``python -m indexer``: build and publish, go back, erase, list, copy. Engine and torch are imported when needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from features import console
from features.settings import FeatureSettings, load
from indexer.settings import IndexSettings, Kind

if TYPE_CHECKING:
    from indexer.build import BuildOptions
    from indexer.embedding import Engine
    from indexer.ports import IndexCatalog, IndexVersion, RewritableCatalog

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def index(
    context: typer.Context,
    model: Annotated[
        int | None, typer.Option(help="Version of the model to embed with; the latest if not given.")
    ] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the index that was live before.")] = False,
    list_versions: Annotated[bool, typer.Option("--list", help="List the versions; the live one is marked.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Rewrite the versions that still hold bytes of deleted people.")
    ] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, help="With --erase: seconds to wait for a server to move over.")
    ] = 60,
) -> None:
    """Build the vector index from the feature store with the latest model, check it, and publish it at once.

    A version is searched by nobody before it has proven that everybody is in it and that its approximate search
    finds what exact search finds. A running server moves over by itself, without a failed query.
    """
    if context.invoked_subcommand is not None:
        return
    from indexer import compose

    with closing(compose.catalog()) as catalog:
        if list_versions:
            _list(catalog)
        elif rollback:
            version = catalog.rollback()
            console.stderr().print(f"went back: {version.name} is live")
        elif erase:
            _erase(catalog, wait_s, compose.engine())
        else:
            _build(catalog, model, compose.engine())


@app.command()
def copy(
    source: Annotated[Kind, typer.Option("--from", help="The index to copy from.")],
    target: Annotated[Kind, typer.Option("--to", help="The index to copy to.")],
) -> None:
    """Move a community: copy the live version as it is, check the copy, and publish it there.

    The source stays as it is. Broken off on the way to a Qdrant server, the same command goes on where it stopped. A
    server that has the embedded index open is to be stopped first.
    """
    from indexer import compose
    from indexer.copy import copy_live

    if source == target:
        raise typer.BadParameter("it is the same index on both sides")
    settings = load(IndexSettings)
    with (
        closing(compose.catalog(source)) as here,
        closing(compose.catalog(target)) as there,
        _told(settings, here.live().count, "copying people") as options,
    ):
        done = copy_live(here, there, options)
    console.stdout().print(_table([done.version], done.version.name))
    people, again = done.version.count, done.version.count - done.written
    console.stderr().print(
        f"copied {people:,} people of {done.source.name} ({source}) to {done.version.name} ({target})"
        + (f"; {again:,} were there already" if again else "")
    )


def _build(catalog: IndexCatalog, model: int | None, engine: Engine) -> None:
    from features import compose as features_compose
    from features.refreshing import refreshed
    from indexer.build import build_index
    from trainer.compose import load_embedder, registry

    settings = load(IndexSettings)
    embedder = load_embedder(settings, registry(settings).latest() if model is None else model)
    store = refreshed(features_compose.build(load(FeatureSettings))).store
    with _told(settings, store.count()) as options:
        version = build_index(store, embedder, catalog, replace(options, engine=engine))
    console.stdout().print(_table([version], version.name))


def _erase(catalog: RewritableCatalog, wait_s: float, engine: Engine) -> None:
    from features import compose as features_compose
    from features.refreshing import refreshed
    from indexer.erase import Erased, EraseOptions, erase
    from indexer.errors import IndexInUse
    from trainer.compose import load_embedder

    settings = load(IndexSettings)
    store = refreshed(features_compose.build(load(FeatureSettings))).store
    with _told(settings, store.count()) as told:
        options = replace(told, engine=engine)
        done = erase(store, catalog, lambda version: load_embedder(settings, version), EraseOptions(wait_s, options))
    say = console.stderr().print
    for what, names in (("rewritten", done.rewritten), ("built anew", done.built), ("dropped", done.dropped)):
        if names:
            say(f"{what}: {', '.join(names)}")
    if done.in_use:
        raise IndexInUse(
            f"Bytes of deleted people may be left in {', '.join(done.in_use)}, which another process has open.",
            "Run python -m indexer --erase again, or stop that process first.",
        )
    say(f"{'nothing to do: ' if done == Erased() else ''}no version holds bytes of deleted people")


@contextmanager
def _told(settings: IndexSettings, people: int, doing: str = "embedding people") -> Iterator[BuildOptions]:
    """Options under which progress is shown."""
    from indexer.build import BuildOptions

    with console.progress() as bar:
        task = bar.add_task(doing, total=people)
        yield BuildOptions(
            keep_versions=settings.keep_versions,
            min_recall=settings.min_recall,
            on_people=lambda count: bar.advance(task, count),
            say=lambda what: bar.update(task, description=what),
        )


def _list(catalog: IndexCatalog) -> None:
    console.stdout().print(_table(catalog.versions(), catalog.live().name))


def _table(versions: list[IndexVersion], live: str) -> Table:
    table = Table("index", "model", "people", "recall@10", "built (UTC)", "")
    for version in versions:
        table.add_row(
            version.name,
            f"v{version.model_version}",
            f"{version.count:,}",
            f"{version.recall_at_10:.3f}",
            f"{version.created_at:%Y-%m-%d %H:%M}",
            "live" if version.name == live else "",
        )
    return table
