"""The command ``genres``, which ``features.cli`` hangs into the room's command line."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from features.compose import Features
    from features.errors import SourceUnavailable
    from features.genres.lookups import MusicBrainzLookups
    from features.settings import FeatureSettings

_FAILED = "failed"
_FAILURES_IN_A_ROW = 3


def genres(
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="Look up this many artists at most, for now.")
    ] = None,
) -> None:
    """Look up genres at MusicBrainz: all artists whose genres nobody knows, those with the most listeners first.

    MusicBrainz lets nobody ask more than once a second, and an artist takes two questions: a thousand artists take
    half an hour. What was looked up is kept, so it can be interrupted and goes on where it was. Then the features of
    everybody whom it helps are made anew. Nothing but names of artists is sent.
    """
    from features import compose
    from features.console import stderr
    from features.errors import SettingsError
    from features.refreshing import refreshed
    from features.settings import FeatureSettings, load

    settings = load(FeatureSettings)
    room = refreshed(compose.build(settings))
    trouble: SourceUnavailable | None = None
    try:
        with closing(compose.lookups(settings, room)) as lookups:
            trouble = _look_up(lookups, limit)
    except SettingsError as off:
        if settings.genre_table is None:
            raise
        stderr().print(f"{off.what} Using what {settings.genre_table.name} tells.", highlight=False)
    _rebuild(settings, room)
    if trouble is not None:
        raise trouble


def _look_up(lookups: MusicBrainzLookups, limit: int | None) -> SourceUnavailable | None:
    """Look artists up; the last of several failures in a row ends it, and is handed back."""
    from features.console import progress, stderr
    from features.errors import SourceUnavailable

    waiting = lookups.waiting()
    outcomes: Counter[str] = Counter()
    in_a_row = 0
    try:
        with progress() as bar:
            for artist in bar.track(waiting[:limit], description="asking MusicBrainz"):
                try:
                    outcomes[lookups.look_up(artist)] += 1
                    in_a_row = 0
                except SourceUnavailable as trouble:
                    outcomes[_FAILED] += 1
                    in_a_row += 1
                    if in_a_row == _FAILURES_IN_A_ROW:
                        return trouble
    finally:
        left = len(waiting) - sum(outcomes.values()) + outcomes[_FAILED]
        stderr().print(_summary(outcomes, left), highlight=False)
    return None


def _summary(outcomes: Counter[str], left: int) -> str:
    from features.genres.answers import Outcome

    counts = ", ".join(f"{outcome} {outcomes[outcome]:,}" for outcome in (*Outcome, _FAILED))
    return f"artists looked up: {counts}; still to look up: {left:,}"


def _rebuild(settings: FeatureSettings, room: Features) -> None:
    from features import compose
    from features.console import progress, stderr
    from features.delivery import deliver_all
    from features.genres.rebuild import Rebuilder

    with closing(compose.outbox(settings)) as outbox, progress() as bar:
        deliver_all(outbox, room.store)  # what a server acknowledged earlier must not come later
        task = bar.add_task("making features anew", total=room.store.count())
        rebuilder = Rebuilder(room.store, room.catalog, room.builder, outbox)
        changed = rebuilder.run(lambda: datetime.now(UTC), lambda done: bar.advance(task, done), batch_size=room.batch)
    stderr().print(f"people whose features were made anew: {changed:,}", highlight=False)
