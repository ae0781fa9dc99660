"""``python -m trainer``: train, evaluate, list. Torch is imported only once there is something to do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features import console
from features.settings import load
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


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        train()


@app.command()
def train(friends: FriendsFile = None) -> None:
    """Train on everybody in the feature store but those kept back, and register the model.

    A run that was cut off goes on where it stopped when the same command is given again.
    """
    from trainer.friends import read_friends
    from trainer.report import metric_table
    from trainer.run import train as run
    from trainer.session import open_session

    pairs = None if friends is None else read_friends(friends)
    with open_session(load(TrainerSettings)) as session:
        card = run(session.everybody(), session.workshop, pairs)
    people, epochs = card.training["people"], card.training["epochs"]
    console.stdout().print(
        metric_table(
            {f"model v{card.version}": card.metrics}, f"Trained on {people:,} people, best after {epochs} epochs"
        )
    )


@app.command()
def evaluate(
    friends: FriendsFile = None,
    model: Annotated[int | None, typer.Option(help="Version of the model; the latest if not given.")] = None,
    people: Annotated[
        Path | None, typer.Option(help="Ask about the people of this file instead of those kept back from training.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
) -> None:
    """Compare a model with raw features, artist tf-idf and chance, on people it was never trained on.

    halves: one half of a person finds the other half among everybody, no artist and no playlist in both.
    friends: a friend is among the ten nearest; friends stand above others with as many friends (AUC).
    artists: share of hidden artists among the 20 that the 50 nearest people recommend.
    """
    import orjson

    from trainer.friends import read_friends
    from trainer.report import metric_table
    from trainer.session import open_session

    pairs = None if friends is None else read_friends(friends)
    with open_session(load(TrainerSettings)) as session:
        version, figures, asked, everybody = session.evaluate(model, people, pairs)
    console.stdout().print(metric_table(figures, f"{asked:,} people never trained on, asked among {everybody:,}"))
    if json_file is not None:
        json_file.write_bytes(orjson.dumps({"model": version, "figures": figures}, option=orjson.OPT_INDENT_2))


@app.command("list")
def list_models() -> None:
    """List the registered models with their figures."""
    from trainer.compose import registry
    from trainer.report import metric_table

    cards = registry(load(TrainerSettings)).cards()
    if not cards:
        console.stderr().print("no model yet; train one with: python -m trainer train")
        return
    rows = {f"v{card.version} of {card.created_at:%Y-%m-%d %H:%M}": card.metrics for card in cards}
    console.stdout().print(metric_table(rows, "Registered models, oldest first"))
