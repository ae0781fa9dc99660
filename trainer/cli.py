"""``python -m trainer``: train, evaluate, list. Torch is imported only once there is something to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from features import console
from features.settings import load
from trainer.errors import UnwritableReport
from trainer.settings import TrainerSettings

app = typer.Typer(
    help="Train the model that turns listening into one vector a person, and prove it on people it never saw.\n\n"
    "Every setting is a SOUNDALIKE_… variable; .env.example lists them.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
)

FriendsFile = Annotated[
    Path | None, typer.Option("--friends", help="CSV (or .csv.gz) of friendships: two columns of user ids.")
]

ReportFolder = Annotated[
    Path | None, typer.Option("--report", help="Also write the report (Markdown, JSON, pictures) into this folder.")
]

Model = Annotated[int | None, typer.Option("--model", help="Version of the model; the latest accepted if not given.")]


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        train()


@app.command()
def train(
    friends: FriendsFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Accept the model even if it is worse than the live one.")
    ] = False,
    report: ReportFolder = None,
) -> None:
    """Train on everybody in the feature store but those kept back, prove the model, and register it.

    torchrun --nproc-per-node N -m trainer train does it in N processes, on a GPU each where there are any.

    A model that is significantly worse than the live one on the same people is registered as rejected: the index goes
    on with the live one, and the exit code is 3. A run that was cut off goes on where it stopped when the same command
    is given again.
    """
    from trainer.documents import documents_of
    from trainer.friends import read_friends
    from trainer.report import health_table, proof_table
    from trainer.session import open_session

    pairs = None if friends is None else read_friends(friends)
    if report is not None:
        _write(report, {})  # what cannot be written is told now, not after minutes of work
    with open_session(load(TrainerSettings)) as session:
        done = session.train(pairs, force=force)
    if done is None:  # rank 0 tells the rest
        return
    card, proof = done
    out = console.stdout()
    out.print(f"model v{card.version}: {'accepted' if card.accepted else 'REJECTED'}. {card.verdict}")
    out.print(f"Trained on {card.training['people']:,} people, {card.training['epochs']} epochs.")
    if proof is not None:
        out.print(proof_table(proof, f"{proof.asked:,} people never trained on, asked among {proof.among:,}"))
        out.print(health_table(proof))
        if report is not None:
            _write(report, documents_of(proof, f"model v{card.version}"))
            out.print(f"Report: {report / 'report.md'}")
    if not card.accepted:
        console.stderr().print("The live model stays. To accept this one all the same: python -m trainer train --force")
        raise typer.Exit(console.EXIT_REJECTED)


@app.command()
def evaluate(
    friends: FriendsFile = None,
    model: Model = None,
    people: Annotated[
        Path | None, typer.Option(help="Ask about the people of this file instead of those kept back from training.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=20, help="Also train as many models anew and show their mean.")] = 1,
    report: ReportFolder = None,
) -> None:
    """Compare a model with its rivals, on people it was never trained on.

    halves: one half of a person finds the other half among everybody, no artist and no playlist in both.
    friends: a friend is among the ten nearest; friends stand above others with as many friends (AUC).
    artists: share of hidden artists among the 20 that the 50 nearest people recommend.
    Below each figure, half the width of its 95 % interval (bootstrap over people).
    """
    from trainer.documents import documents_of
    from trainer.friends import read_friends
    from trainer.report import health_table, proof_table
    from trainer.session import open_session

    pairs = None if friends is None else read_friends(friends)
    if report is not None:
        _write(report, {})  # what cannot be written is told now, not after minutes of work
    with open_session(load(TrainerSettings)) as session:
        found = session.evaluate(model, people, pairs, seeds)
    proof, out = found.proof, console.stdout()
    out.print(proof_table(proof, f"{proof.asked:,} people never trained on, asked among {proof.among:,}"))
    out.print(health_table(proof))
    if found.overlap is not None:
        out.print(f"Two seeds agree on {found.overlap:.1%} of everybody's ten nearest.")
    if report is not None:
        _write(report, documents_of(proof, f"model v{found.version}"))
        out.print(f"Report: {report / 'report.md'}")


@app.command()
def stability(
    model: Model = None,
    drop: Annotated[float, typer.Option(min=0, max=0.9, help="Share of everybody's artists that get lost.")] = 0.05,
) -> None:
    """How alike two weekly trainings are: share of everybody's ten nearest that stay.

    Trains another model, with another seed and on a little less of everybody, and keeps nothing of it.
    """
    from trainer.session import open_session

    with open_session(load(TrainerSettings)) as session:
        agreed = session.stability(model, drop)
    console.stdout().print(
        f"{agreed:.1%} of everybody's ten nearest are the same (another seed, {drop:.0%} fewer rows)."
    )


@app.command("list")
def list_models() -> None:
    """List the registered models with their figures."""
    from trainer.compose import registry
    from trainer.report import metric_table

    cards = registry(load(TrainerSettings)).cards()
    if not cards:
        console.stderr().print("no model yet; train one with: python -m trainer train")
        return
    rows = {
        f"v{card.version} {card.created_at:%Y-%m-%d}{'' if card.accepted else ' rejected'}": card.metrics
        for card in cards
    }
    console.stdout().print(metric_table(rows, "Registered models, oldest first"))


def _write(folder: Path, documents: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in documents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UnwritableReport(
            f"{folder} cannot be written to: {error.strerror}.", "Give a folder that can with --report."
        ) from error
