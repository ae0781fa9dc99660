"""``python -m retriever``: serve, and ask. FastAPI, torch and the engine are imported when the server starts."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from features import console
from retriever.access.commands import app as keys

app = typer.Typer(
    help="Serve the HTTP API over the live index, or ask a server with a file.\n\n"
    "python -m retriever --port 8000 serves; the API explains itself at /docs.",
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(keys, name="keys")


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 if not given.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 8000 if not given, 0 takes a free one.")
    ] = None,
) -> None:
    """Serve the HTTP API until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    from features.settings import load
    from retriever.server import serve as run
    from retriever.settings import RetrieverSettings

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    run(load(RetrieverSettings).model_copy(update=given))


@app.command()
def ask(
    source: Annotated[
        str,
        typer.Argument(
            help="Spotify's data export, an Exportify CSV or ZIP, or a profile as JSON; or the link to a Spotify "
            "profile, or listenbrainz:NAME, which the server reads."
        ),
    ],
    url: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8000",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many people.")] = 10,
    remember: Annotated[
        bool | None,
        typer.Option(
            "--remember/--forget-me",
            help="Join the community, or leave no trace. If not given: a file joins, what is read elsewhere does not.",
        ),
    ] = None,
    start: Annotated[bool, typer.Option("--start", help="Start a server for this one question.")] = False,
) -> None:
    """Ask who listens as the owner of SOURCE does, and show the nearest people with reasons.

    Example: python -m retriever ask my_spotify_data.zip
    """
    from features.settings import load
    from retriever.client import Client, elsewhere_of
    from retriever.own_server import own_server
    from retriever.settings import ClientSettings
    from retriever.show import answer_view

    elsewhere = elsewhere_of(source)
    with own_server() if start else nullcontext(url) as address:
        client = Client(address, load(ClientSettings).api_key)
        if elsewhere is None:
            answer = client.upload(Path(source), limit=limit, remember=remember is not False)
        else:
            answer = client.recommend(elsewhere, limit=limit, remember=bool(remember))
    console.stdout().print(answer_view(answer))


@app.command()
def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell the difference; exit code 1 if any.")] = False,
    url: Annotated[
        str | None, typer.Option(help="The server that has the index open; found by itself if not given.")
    ] = None,
) -> None:
    """Compare the feature store with the index, person by person, and mend the difference.

    A running server is asked to do it, as the embedded index belongs to one process.
    """
    from features.settings import load
    from retriever.offline import reconciled
    from retriever.settings import ClientSettings, RetrieverSettings
    from retriever.show import reconciled_view

    found = reconciled(load(RetrieverSettings), url, load(ClientSettings).api_key, dry_run=dry_run)
    console.stdout().print(reconciled_view(found))
    if dry_run and (found["missing"] or found["extra"] or found["stale"]):
        raise typer.Exit(1)
