"""The command ``backfill``, which ``features.cli`` hangs into the room's command line."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from features import console


def backfill(
    ids: Annotated[str, typer.Argument(metavar="IDS", help="A file, or hf:OWNER/NAME or hf:OWNER/NAME#COLUMN.")],
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="Ask about this many profiles at most, for now.")
    ] = None,
    consent: Annotated[
        bool,
        typer.Option(
            "--consent", help="These people agreed to be found by others. Without it they are kept, not found."
        ),
    ] = False,
    fresher_than: Annotated[
        int, typer.Option("--fresher-than", min=0, metavar="DAYS", help="Pass over who was read within so many days.")
    ] = 30,
    wait_at_most: Annotated[
        int, typer.Option("--wait-at-most", min=0, metavar="MINUTES", help="Wait so long where Spotify asks for it.")
    ] = 15,
) -> None:
    """Read the public Spotify profiles of many people into the feature store, as far as Spotify lets this app.

    IDS is a file with an id or a link of a profile on each line, or a CSV or JSON lines with a column spotify_id,
    spotify_url, user_id or id; blank lines and # comments are passed over. hf:OWNER/NAME is the split train of a data
    set of Hugging Face, or of a folder (pip install 'soundalike[datasets]').

    Nobody is found by others without --consent: give it if these people agreed to that. Who agreed before stays found.
    Who brought a login or a file of their own stays as they are, and who was deleted or has expired is not read again.

    The same command again goes on where it stopped: whoever was read is passed over, and for a week whoever is unknown
    or shows nothing. Ctrl-C loses nothing.

    Exit codes: 0, all were asked about; 2, some lines name no profile, or an error; 4, some are left to be read: try
    again later, at the time that is told; 130, interrupted.

    Example: python -m features backfill people.csv --consent
    """
    from features.backfill.compose import How, run
    from features.backfill.outcomes import Outcome, Tally
    from features.backfill.view import stopped_line, tally_view
    from features.errors import SpotifyUnavailable

    tally, stopped = Tally(), None
    how = How(limit, consent, timedelta(days=fresher_than), wait_at_most * 60)
    try:
        run(ids, how, tally)
    except SpotifyUnavailable as refused:
        stopped = refused
    finally:
        if tally.of or tally.not_ids:
            console.stderr().print(tally_view(tally))
    if stopped is not None:
        console.stderr().print(stopped_line(stopped), highlight=False, markup=False)
    if stopped is not None or tally.of[Outcome.FAILED]:
        raise typer.Exit(console.EXIT_TRY_LATER)
    if tally.not_ids:
        raise typer.Exit(console.EXIT_BAD_INPUT)
