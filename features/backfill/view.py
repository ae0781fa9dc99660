"""What a backfill shows: how far it is, a countdown while it waits, and a table at the end. Nobody is named."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from features import console
from features.backfill.outcomes import READ, Outcome, Tally
from features.errors import SpotifyQuotaUsedUp, SpotifyRateLimited, SpotifyUnavailable

if TYPE_CHECKING:
    from rich.progress import Progress

MOST_LINES = 10
_ALWAYS = (Outcome.FRESH, Outcome.UNKNOWN, Outcome.NOTHING_PUBLIC, Outcome.FAILED, Outcome.REFUSED)
_TOLD = {
    Outcome.AGREED: "read earlier, and found by others from now on",
    Outcome.ELSEWHERE: "here from a login, a file or another site; left as they are",
    Outcome.LEFT: "were deleted, or expired; come back only by themselves",
    Outcome.UNKNOWN: "Spotify has no such profile",
    Outcome.NOTHING_PUBLIC: "no public playlist that holds a track",
    Outcome.FAILED: "Spotify did not answer; the same command tries again",
    Outcome.REFUSED: "too large, or Spotify lets nobody read it",
}


class BarWatch:
    """Shows it all in one progress bar. It counts profiles that are read, so that its end is when that is done."""

    def __init__(self, bar: Progress, *, limit: int | None) -> None:
        """``limit``: how many are asked about at most."""
        self._bar, self._limit = bar, limit
        self._ids: int | None = None
        self._task = bar.add_task("asking Spotify what may be read", total=None)
        self._is_waiting = False

    def counted(self, ids: int) -> None:
        """So many people are listed."""
        self._ids = ids
        self.passed(0)

    def passed(self, count: int) -> None:
        """So many more need not be read."""
        if self._ids is not None:
            self._ids -= count
        known = [number for number in (self._ids, self._limit) if number is not None]
        self._bar.update(self._task, total=min(known, default=None))

    def fetching(self, done: int, people: int) -> None:
        """What others wrote to the store is brought here."""
        self._bar.update(self._task, description=f"fetching {done:,} of {people:,} people")

    def done(self) -> None:
        """One more was asked about."""
        self._bar.advance(self._task)

    def step(self, step: str, done: int, total: int) -> None:
        """Part of a profile is read."""
        self._is_waiting = False
        self._bar.update(self._task, description=f"reading profiles ({step} {done:,} of {total:,})")

    def encoding(self, done: int, total: int) -> None:
        """Texts of a batch are encoded."""
        self._bar.update(self._task, description=f"encoding {done:,} of {total:,} texts")

    def waiting(self, seconds: int) -> None:
        """Spotify wants to be left alone for so many more seconds."""
        if self._bar.disable and not self._is_waiting:
            console.stderr().print(f"Spotify wants to be left alone; going on at {at(seconds)}", highlight=False)
        self._is_waiting = True
        told = f"{seconds // 60}:{seconds % 60:02}"
        self._bar.update(self._task, description=f"Spotify wants to be left alone; going on in {told}")


def stopped_line(trouble: SpotifyUnavailable) -> str:
    """Why it stopped, and when to go on."""
    if not isinstance(trouble, SpotifyRateLimited):
        return f"{trouble.what} All that was read is kept; run the same command again later."
    why = trouble.what if isinstance(trouble, SpotifyQuotaUsedUp) else "Spotify wants to be left alone."
    return f"{why} All that was read is kept; try again at {at(trouble.retry_after_s)}."


def at(seconds: int) -> str:
    """The time of day in so many seconds, with the date where it is not today's."""
    now = datetime.now().astimezone()
    then = now + timedelta(seconds=seconds)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%H:%M on %Y-%m-%d}"


def tally_view(tally: Tally) -> RenderableType:
    """Counts by outcome, then the lines that name nobody."""
    counts = Table.grid(padding=(0, 2))
    counts.add_row("[bold]read[/]", f"{tally.read:,}")
    for outcome in READ:
        counts.add_row(f"  {outcome}", f"{tally.of[outcome]:,}")
    for outcome in Outcome:
        if outcome in _ALWAYS or (outcome not in READ and tally.of[outcome]):
            told = _TOLD.get(outcome, "") if tally.of[outcome] else ""
            counts.add_row(f"[bold]{outcome}[/]", f"{tally.of[outcome]:,}", told)
    if not tally.not_ids:
        return counts
    lines = Table("where", "why it names nobody")
    for line in tally.not_ids[:MOST_LINES]:
        lines.add_row(Text(line.where), Text(line.why))
    if len(tally.not_ids) > MOST_LINES:
        lines.add_row("…", f"and {len(tally.not_ids) - MOST_LINES:,} more")
    return Group(counts, lines)
