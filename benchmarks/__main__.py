"""``python -m benchmarks``: the figures of the README; each is a ratio against a named rival in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features.console import main, stderr

app = typer.Typer(
    help="Measure speed as ratios against a rival, in one run on this machine. make bench runs all.",
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Without a command: all figures, with the profiles of the demo in SOUNDALIKE_HOME."""
    if context.invoked_subcommand is None:
        from features.settings import HomeSettings, load

        imports(load(HomeSettings).home / "demo" / "synthetic" / "profiles.jsonl.gz")
        similar()
        load_()


@app.command()
def imports(
    profiles: Annotated[Path, typer.Argument(help="A file of profiles.")],
    runs: Annotated[int, typer.Option(min=1, help="Counted runs of each.")] = 5,
) -> None:
    """Import of a file, texts cached and not."""
    from benchmarks.imports import run

    stderr().print("importing in turn with the rivals; some minutes")
    print("\n".join(run(profiles, runs)))


@app.command()
def similar(
    people: Annotated[int, typer.Option(min=100, help="People in the index.")] = 100_000,
    seconds: Annotated[float, typer.Option(min=1, max=120, help="How long each load lasts.")] = 15,
) -> None:
    """GET /v1/users/{id}/similar, over the model in SOUNDALIKE_HOME."""
    from benchmarks.similar import run

    stderr().print("building an index; a minute")
    print("\n".join(run(people, seconds)))


@app.command("load")
def load_(
    people: Annotated[int, typer.Option(min=100, help="People in the index.")] = 100_000,
    soak: Annotated[float, typer.Option(min=10, help="Seconds of the steady load.")] = 600,
) -> None:
    """What the server bears: throughput against /healthz, a steady load, memory; over the model in SOUNDALIKE_HOME."""
    from benchmarks.load import run

    stderr().print(f"building an index, then {soak:.0f} seconds of load")
    print("\n".join(run(people, soak)))


@app.command()
def sync(people: Annotated[int, typer.Option(min=1000, help="People to sync.")] = 100_000) -> None:
    """A sync to Hopsworks against the SDK's own insert, and its memory; over the community in SOUNDALIKE_HOME."""
    from benchmarks.sync import run

    stderr().print("syncing to a fake cluster; some minutes")
    print("\n".join(run(people)))


@app.command()
def spotify(
    latency_ms: Annotated[float, typer.Option(min=0, help="Milliseconds that every answer takes.")] = 50,
    runs: Annotated[int, typer.Option(min=1, help="Readings of each kind.")] = 5,
) -> None:
    """Reading a public profile from a stand-in of Spotify: requests side by side against page after page."""
    from benchmarks.spotify import run

    print("\n".join(run(latency_ms, runs)))


@app.command()
def dashboard(
    points: Annotated[int, typer.Option(min=100, help="People on the map.")] = 20_000,
    runs: Annotated[int, typer.Option(min=1, help="Counted runs of each.")] = 5,
) -> None:
    """The dashboard in a real browser, over the model in SOUNDALIKE_HOME: first paint, a warm query, the map."""
    from benchmarks.dashboard import run

    stderr().print("building an index, then opening pages in turn with the rivals; some minutes")
    print("\n".join(run(points, runs)))


@app.command()
def scale(
    people: Annotated[int, typer.Option(min=1000, help="People in the community.")] = 100_000,
    epochs: Annotated[int, typer.Option(min=0, help="Epochs of a training; 0: none.")] = 3,
    folder: Annotated[Path | None, typer.Option(help="Where there is room on the disk, 30 GB a million.")] = None,
) -> None:
    """Time, memory and disk of each piece at a size, over the community and model in SOUNDALIKE_HOME."""
    from benchmarks.scale import run

    for line in run(people, epochs, folder):
        print(line, flush=True)


@app.command()
def reasons(
    askers: Annotated[int, typer.Option(min=10, help="People whose nearest match is looked at.")] = 500,
) -> None:
    """Whether stated reasons account for the matches: the deletion test, over the community in SOUNDALIKE_HOME."""
    from benchmarks.reasons import run

    print("\n".join(run(askers)))


if __name__ == "__main__":
    main(app, "python -m benchmarks")
