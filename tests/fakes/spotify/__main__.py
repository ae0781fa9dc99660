"""A stand-in of Spotify to try things with, until Ctrl-C: python -m tests.fakes.spotify [--profiles FILE.jsonl.gz].

Or for as long as a program runs, with the settings by which it talks to the stand-in:
python -m tests.fakes.spotify -- python -m retriever ask https://open.spotify.com/user/ID --start
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from features.errors import SoundalikeError
from features.profile import TasteProfile
from features.sources import Rejection, SourceLimits, read_profiles
from features.synthetic.community import Community

from .community import world_of
from .fake import FakeSpotify
from .state import Mode

INVENTED = 120
_LIMITS = SourceLimits(max_profile_tracks=1_000_000, max_file_bytes=2**30, max_unpacked_bytes=2**32)


def serve(
    program: Annotated[
        list[str] | None, typer.Argument(metavar="PROGRAM", help="Run it (after --), and end with its exit code.")
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(help=f"Whose accounts there are; without it, {INVENTED} invented people.")
    ] = None,
    mode: Annotated[Mode, typer.Option(help="What the app may do.")] = "extended",
    latency_ms: Annotated[float, typer.Option(min=0, help="How long every answer takes.")] = 0.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is one that is free.")] = 0,
) -> None:
    """Serve, and print the settings of a program that is to talk to it, or run that program with them."""
    for each in (signal.SIGINT, signal.SIGTERM):  # whatever a shell in the background had us ignore
        signal.signal(each, signal.default_int_handler)
    try:
        world = world_of(_people(profiles))
    except SoundalikeError as error:
        raise typer.BadParameter(str(error)) from None
    fake = FakeSpotify(world, mode, latency_ms / 1000)
    fake.start(port)
    with suppress(KeyboardInterrupt), fake:
        sys.stderr.write(
            f"A stand-in of Spotify at {fake.accounts_url}, its app in {mode} mode: Spotify itself is asked nothing. "
            f"{len(world.people()):,} people, such as {', '.join(world.people()[:3])}\n"
        )
        if program:
            raise typer.Exit(_run(program, fake))
        for name, value in fake.variables().items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.flush()
        signal.pause()


def _run(program: Sequence[str], fake: FakeSpotify) -> int:
    """The exit code of a program that may talk to the stand-in; what is to stop us interrupts it, and waits for it."""
    try:
        process = subprocess.Popen(program, env={**os.environ, **fake.variables()})
    except OSError as error:
        sys.stderr.write(f"{shlex.join(program)} cannot be run: {error.strerror}\n")
        return 127
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _signal, _frame: process.send_signal(signal.SIGINT))
    code = process.wait()
    return code if code >= 0 else 128 - code


def _people(path: Path | None) -> list[TasteProfile]:
    if path is None:
        return list(Community(people=INVENTED, seed=7).profiles())
    return [each for each in read_profiles(path, _LIMITS) if not isinstance(each, Rejection)]


if __name__ == "__main__":
    typer.run(serve)
