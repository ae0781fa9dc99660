"""The command lines' common rim: one place to print, to show progress, and to turn an error into one line.

Data goes to standard output; progress, summaries of work and errors go to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from features.errors import SoundalikeError

OnCount = Callable[[int], None]
"""Told how many more things are done."""

EXIT_BAD_INPUT = 2
EXIT_REJECTED = 3
EXIT_TRY_LATER = 4
EXIT_INTERRUPTED = 130


def stdout() -> Console:
    """Console for data."""
    return Console(soft_wrap=True)


def stderr() -> Console:
    """Console for everything that is not data."""
    return Console(stderr=True, soft_wrap=True)


def progress(*, silent: bool = False) -> Progress:
    """A progress bar on standard error; silent where that is no terminal, or as told."""
    console = stderr()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=silent or not console.is_terminal,
        transient=True,
    )


def main(app: typer.Typer, name: str) -> None:
    """Run a command line; a SoundalikeError becomes one line and its exit code, mostly 2, Ctrl-C a word and 130."""
    try:
        app(prog_name=name)
    except SoundalikeError as error:
        stderr().print(f"[bold red]error:[/] {_escape(error.what)} {_escape(error.mend)}".rstrip(), highlight=False)
        sys.exit(error.exit_status)
    except SystemExit as ending:
        if ending.code == EXIT_INTERRUPTED:  # typer turns Ctrl-C into this, without a word
            stderr().print("interrupted; what was finished is kept, run the same command again to go on")
        raise


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
