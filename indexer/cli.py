"""``python -m indexer``: build and publish, go back, list. The engine and torch are imported when they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from features import console
from features.settings import FeatureSettings, load
from indexer.settings import IndexSettings

if TYPE_CHECKING:
    from indexer.ports import IndexCatalog, IndexVersion

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def index(
    model: Annotated[
        int | None, typer.Option(help="Version of the model to embed with; the latest if not given.")
    ] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the index that was live before.")] = False,
    list_versions: Annotated[bool, typer.Option("--list", help="List the versions; the live one is marked.")] = False,
) -> None:
    """Build the vector index from the feature store with the latest model, check it, and publish it at once.

    A version is searched by nobody before it has proven that everybody is in it and that its approximate search
    finds what exact search finds. A running server moves over by itself, without a failed query.
    """
    from indexer import compose

    catalog = compose.catalog()
    if list_versions:
        _list(catalog)
    elif rollback:
        version = catalog.rollback()
        console.stderr().print(f"went back: {version.name} is live")
    else:
        _build(catalog, model)


def _build(catalog: IndexCatalog, model: int | None) -> None:
    from features import compose as features_compose
    from indexer.build import BuildOptions, build_index
    from trainer.compose import load_embedder, registry

    settings = load(IndexSettings)
    embedder = load_embedder(settings, registry(settings).latest() if model is None else model)
    store = features_compose.build(load(FeatureSettings)).store
    with console.progress() as bar:
        task = bar.add_task("embedding people", total=store.count())
        options = BuildOptions(
            keep_versions=settings.keep_versions,
            min_recall=settings.min_recall,
            on_people=lambda count: bar.advance(task, count),
            say=lambda what: bar.update(task, description=what),
        )
        version = build_index(store, embedder, catalog, options)
    console.stdout().print(_table([version], version.name))


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
