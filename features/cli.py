"""``python -m features``: bring people in, look at them, take them out. Heavy parts are imported when needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features import console
from features.backfill.cli import backfill
from features.expiry_cli import expire
from features.genres.cli import genres
from features.settings import FeatureSettings, load
from features.stores_cli import migrate, refresh, sync, vacuum
from features.synthetic.cli import sample_export, synthesize
from features.tables.cli import dump, load_

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from features.importer import Importer, Summary
    from features.listener import Listener
    from features.profile import UserId
    from features.sources import Rejection

_READ_AHEAD_BYTES = 200_000  # a smaller file is read before another process has started

app = typer.Typer(
    help="Listening profiles in, user features out, kept in the feature store.\n\n"
    "Everything lives in SOUNDALIKE_HOME; .env.example lists all settings.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command()(synthesize)
app.command("sample-export")(sample_export)
app.command()(sync)
app.command()(refresh)
app.command()(vacuum)
app.command()(migrate)
app.command()(expire)
app.command()(genres)
app.command()(backfill)
app.command()(dump)
app.command("load")(load_)


@app.command("import")
def import_(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, told by their content; and people as listenbrainz:NAME."),
    ],
    user_id: Annotated[
        str | None, typer.Option(help="Id for the one person of a file that names nobody, such as an export.")
    ] = None,
) -> None:
    """Import profiles: JSON lines (.jsonl, .jsonl.gz), Spotify's data-export ZIP, Exportify's CSV or ZIP.

    listenbrainz:NAME reads somebody's public statistics on ListenBrainz; whoever is imported can be found by others.

    Running it again is harmless: who did not change is not written. What is wrong with a line is said with its
    number, and the rest is imported; the exit code is then 2.

    Example: python -m features import people.jsonl.gz my_spotify_data.zip listenbrainz:NAME
    """
    importer: Importer | None = None
    with console.progress() as bar:
        task = bar.add_task("importing", total=None)
        try:
            for path in paths:
                with _listeners(path, None if user_id is None else _id(user_id)) as found:
                    bar.update(task, description=f"importing {Path(path).name}")
                    importer = importer or _importer(bar, task)  # its libraries load while the file is being read
                    importer.run(found, lambda done: bar.advance(task, done))
        finally:
            if importer is not None and (importer.summary.people or importer.summary.rejected):
                _show(importer.summary)
    if importer is not None and importer.summary.rejected:
        raise typer.Exit(console.EXIT_BAD_INPUT)


def _importer(bar: Progress, task: TaskID) -> Importer:
    import gc

    from features import compose
    from features.delivery import deliver_all
    from features.importer import Importer

    # People are trees that die by reference count; looking among them for cycles takes long.
    gc.set_threshold(200_000, 20, 100)

    def on_encoding(done: int, total: int) -> None:
        bar.update(task, description=f"encoding {done:,} of {total:,} texts")

    settings = load(FeatureSettings)
    room = compose.build(settings, on_encoding=on_encoding)
    if room.refresh is not None:
        room.refresh(lambda done, people: bar.update(task, description=f"fetching {done:,} of {people:,} people"))
    with closing(compose.outbox(settings)) as outbox:
        deliver_all(outbox, room.store)  # what a server acknowledged earlier must not come later
    return Importer(room, lambda: datetime.now(UTC))


def _show(summary: Summary) -> None:
    from features.show import summary_view

    console.stderr().print(summary_view(summary))


def _listeners(name: str, only: UserId | None) -> AbstractContextManager[Iterator[Listener | Rejection]]:
    from features.ahead import ahead
    from features.listenbrainz.names import is_reference
    from features.reading import read_listeners
    from features.sources import SourceLimits

    if is_reference(name):
        return nullcontext(_on_listenbrainz(name, only))
    path = Path(name)
    read = partial(read_listeners, path, SourceLimits.from_settings(load(FeatureSettings)), only)
    worthwhile = path.is_file() and path.stat().st_size > _READ_AHEAD_BYTES
    return ahead(read) if worthwhile else nullcontext(read())


def _on_listenbrainz(name: str, only: UserId | None) -> Iterator[Listener | Rejection]:
    from features import compose
    from features.reading import one_listener

    with closing(compose.listenbrainz(load(FeatureSettings))) as profiles:
        yield one_listener(profiles.read(name), only)


@app.command()
def show(user: Annotated[str, typer.Argument(help="The person's id.")]) -> None:
    """Show what is kept of a person."""
    from features import compose
    from features.refreshing import refreshed
    from features.show import person_view

    person = refreshed(compose.build(load(FeatureSettings))).store.get([_id(user)]).get(_id(user))
    if person is None:
        raise _unknown([user])
    console.stdout().print(person_view(person))


@app.command()
def stats() -> None:
    """Count people, artists and genres, and tell how much is known of them."""
    from features import compose
    from features.refreshing import refreshed
    from features.show import community_view

    settings = load(FeatureSettings)
    room = refreshed(compose.build(settings))
    size = sum(file.stat().st_size for file in settings.home.rglob("*.db*"))
    console.stdout().print(community_view(room.store.scan(), size))


@app.command()
def delete(users: Annotated[list[str], typer.Argument(metavar="USER...", help="Ids of people.")]) -> None:
    """Delete people for good: their bytes are overwritten, and a running server forgets them within a second.

    Their logins with Spotify and what a reading left that was cut off go as well, also of who is not in the store.
    """
    from features import compose
    from features.delivery import deliver_all
    from features.refreshing import refreshed
    from features.spotify.forgetting import forget

    settings = load(FeatureSettings)
    room, ids = refreshed(compose.build(settings)), [_id(user) for user in users]
    store = room.store
    with closing(compose.outbox(settings)) as outbox:
        waiting = outbox.get(ids)
        known = {user for user in store.get(ids) if user not in waiting} | {u for u, r in waiting.items() if r.person}
        for user in sorted(known):
            outbox.remove(user)  # also takes the place of what a server has acknowledged and not delivered yet
        known |= forget(settings.home, ids)
        deliver_all(outbox, store)
    if room.refresh is not None:  # elsewhere there may be rows of people whom nobody can read here
        known |= {user for user in ids if user not in known and store.delete([user])}
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
    from features.refreshing import refreshed

    scan = refreshed(compose.build(load(FeatureSettings))).store.scan()
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
