"""``python -m retriever keys``: make, list and revoke API keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from features import console
from retriever.access.roles import Role

if TYPE_CHECKING:
    from retriever.access.keyfile import KeyFile

app = typer.Typer(
    help="Make, list and revoke the API keys that a server asks for.\n\n"
    "A server that others can reach (--host 0.0.0.0) does not start without one; on 127.0.0.1 none is needed. A client "
    "sends its key in a header: Authorization: Bearer KEY.\n\n"
    "To change a key without a gap: add a second one of the same name, give it to the client, and revoke the first by "
    "its id. A running server follows at once.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is; letters, digits, dots, underscores and hyphens.")],
    role: Annotated[
        Role,
        typer.Option(help="read: ask about known people. write: also send profiles and delete people. admin: all."),
    ] = Role.READ,
    expires_days: Annotated[
        float | None, typer.Option(min=0, help="Days that it is valid; for ever if not given.")
    ] = None,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    from retriever.access.keys import new_key

    now = datetime.now(UTC)
    expires_at = None if expires_days is None else now + timedelta(days=expires_days)
    key, entry = new_key(_name(name), role, now=now, expires_at=expires_at)
    _file().change(lambda ring: ring.with_key(entry))
    console.stderr().print(f"Key {entry} may {role}. It is shown this once:", highlight=False)
    typer.echo(key.get_secret_value())


@app.command()
def deliver(
    name: Annotated[str, typer.Argument(help="Whose key it is; as for add.")],
    file: Annotated[Path, typer.Argument(help="Where the program that shows the key will read it.")],
    role: Annotated[Role, typer.Option(help="As for add.")] = Role.READ,
) -> None:
    """Put a key into FILE, which only you may read, unless the one in it is good already."""
    from retriever.access.delivered import delivered

    made = delivered(_file(), file, _name(name), role)
    console.stderr().print(f"Key {made} may {role}." if made else f"{file} holds a key of {name}.", highlight=False)


@app.command(name="list")
def list_keys() -> None:
    """List the keys, without the keys themselves."""
    now = datetime.now(UTC)
    table = Table("id", "name", "role", "created", "expires", box=None)
    for key in _file().read().keys:
        expires = "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(
            key.id, key.name, key.role, f"{key.created_at:%Y-%m-%d %H:%M}", expires if key.is_valid(now) else "expired"
        )
    console.stdout().print(table)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="NAME|ID", help="As keys list shows it.")],
) -> None:
    """Take a key back: a running server refuses it from now on."""
    from retriever.access.keys import KeyRing
    from retriever.errors import KeyFileError

    def without(ring: KeyRing) -> KeyRing:
        found = ring.named(key)
        if not found:
            raise KeyFileError(f"There is no key {key!r}.", "python -m retriever keys list shows them.")
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            raise KeyFileError(f"{len(found)} keys are called {key!r}.", f"Name one by its id: {ids}.")
        return ring.without(found[0])

    _file().change(without)
    console.stderr().print(f"{key} is revoked", highlight=False)


def _name(text: str) -> str:
    from retriever.access.keys import NAME

    if not re.fullmatch(NAME, text):
        raise typer.BadParameter("1 to 64 letters, digits, dots, underscores and hyphens.", param_hint="NAME")
    return text


def _file() -> KeyFile:
    from features.settings import HomeSettings, load
    from retriever.access.keyfile import KeyFile

    return KeyFile(load(HomeSettings).home)
