"""``python -m features``: bring people in, look at them, take them out. Heavy parts are imported when needed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features import console
from features.settings import FeatureSettings, load
from features.synthetic.cli import sample_export, synthesize

if TYPE_CHECKING:
    from features.importer import Importer
    from features.profile import UserId

app = typer.Typer(
    help="Listening profiles in, user features out, kept in the feature store.\n\n"
    "Everything lives in SOUNDALIKE_HOME; .env.example lists all settings.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command()(synthesize)
app.command("sample-export")(sample_export)


@app.command("import")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files; their format is told by their content.")
    ],
    user_id: Annotated[
        str | None, typer.Option(help="Id for the one person of a file that names nobody, such as an export.")
    ] = None,
) -> None:
    """Import profiles: JSON lines (.jsonl, .jsonl.gz), Spotify's data-export ZIP, Exportify's CSV or ZIP.

    Running it again is harmless: who did not change is not written. What is wrong with a line is said with its
    number, and the rest is imported; the exit code is then 2.

    Example: python -m features import people.jsonl.gz my_spotify_data.zip
    """
    import gc

    from features import compose
    from features.importer import Importer
    from features.show import summary_view

    # Profiles are trees that die by reference count; looking among them for cycles costs a third of the time.
    gc.set_threshold(200_000, 20, 100)

    settings = load(FeatureSettings)
    with console.progress() as bar:
        task = bar.add_task("importing", total=None)
        room = compose.build(
            settings,
            on_encoding=lambda done, total: bar.update(task, description=f"encoding {done:,} of {total:,} texts"),
        )
        importer = Importer(room.store, room.builder, lambda: datetime.now(UTC))
        try:
            for path in paths:
                bar.update(task, description=f"importing {path.name}")
                _import_one(importer, path, user_id, lambda done: bar.advance(task, done))
        finally:
            if importer.summary.people or importer.summary.rejected:
                console.stderr().print(summary_view(importer.summary))
    if importer.summary.rejected:
        raise typer.Exit(console.EXIT_BAD_INPUT)


def _import_one(importer: Importer, path: Path, user_id: str | None, on_batch: console.OnCount) -> None:
    from features.errors import UnreadableSource
    from features.sources import Rejection, SourceLimits, read_profiles

    found = read_profiles(path, SourceLimits.from_settings(load(FeatureSettings)))
    if user_id is None:
        importer.run(found, on_batch)
        return
    profiles = list(found)
    if len(profiles) != 1:
        raise UnreadableSource(f"{path} holds {len(profiles)} profiles.", "--user-id goes with a file of one person.")
    only = profiles[0]
    importer.run([only if isinstance(only, Rejection) else only.model_copy(update={"user_id": _id(user_id)})], on_batch)


@app.command()
def show(user: Annotated[str, typer.Argument(help="The person's id.")]) -> None:
    """Show what is kept of a person."""
    from features import compose
    from features.show import person_view

    person = compose.build(load(FeatureSettings)).store.get([_id(user)]).get(_id(user))
    if person is None:
        raise _unknown([user])
    console.stdout().print(person_view(person))


@app.command()
def stats() -> None:
    """Count people, artists and genres, and tell how much is known of them."""
    from features import compose
    from features.show import community_view

    settings = load(FeatureSettings)
    room = compose.build(settings)
    size = sum(file.stat().st_size for file in settings.home.glob("*.db*"))
    console.stdout().print(community_view(room.store.scan(), size))


@app.command()
def delete(users: Annotated[list[str], typer.Argument(metavar="USER...", help="Ids of people.")]) -> None:
    """Delete people for good: their bytes are overwritten, and a running server forgets them within a second."""
    from features import compose

    store = compose.build(load(FeatureSettings)).store
    known = store.get([_id(user) for user in users])
    store.delete(list(known))
    console.stderr().print(f"deleted {len(known):,}")
    missing = [user for user in users if user not in known]
    if missing:
        raise _unknown(missing)


@app.command()
def export(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File; packed if it ends in .gz. Default: stdout.")
    ] = None,
) -> None:
    """Write everybody as JSON lines that can be imported again."""
    from features import compose
    from features.export import write_file, write_profiles

    scan = compose.build(load(FeatureSettings)).store.scan()
    people = (person for batch in scan for person in batch)
    count = write_profiles(people, sys.stdout.buffer) if out is None else write_file(people, out)
    console.stderr().print(f"exported {count:,}")


def _id(text: str) -> UserId:
    from pydantic import TypeAdapter, ValidationError

    from features.errors import InvalidProfile
    from features.profile import UserId, UserIdText

    try:
        return UserId(TypeAdapter(UserIdText).validate_python(text))
    except ValidationError as error:
        raise InvalidProfile(f"{text!r} cannot be a user id.", "Ids have no slash and no control character.") from error


def _unknown(users: list[str]) -> Exception:
    from features.errors import UnknownUser

    return UnknownUser(f"Unknown: {', '.join(users)}.", "python -m features export lists everybody.")
