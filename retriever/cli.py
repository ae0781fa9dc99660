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
    file: Annotated[Path, typer.Argument(help="Spotify's data export, an Exportify CSV or ZIP, or a profile as JSON.")],
    url: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8000",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many people.")] = 10,
    remember: Annotated[
        bool, typer.Option("--remember/--forget-me", help="Join the community, or leave no trace.")
    ] = True,
    start: Annotated[bool, typer.Option("--start", help="Start a server for this one question.")] = False,
) -> None:
    """Ask who listens as the owner of FILE does: uploads it to the API and shows the nearest people with reasons."""
    from retriever.client import own_server, upload
    from retriever.show import answer_view

    with own_server() if start else nullcontext(url) as address:
        answer = upload(address, file, limit=limit, remember=remember)
    console.stdout().print(answer_view(answer))
