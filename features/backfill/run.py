"""Backfill: goes through a list of ids, and leaves out, reads, writes and counts.

Whatever ends it, what was read by then is written; so the next run goes on where this one stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from features.backfill.ids import Found, NotAnId
from features.backfill.known import Known
from features.backfill.outcomes import LASTING_OUTCOMES, Notes, Outcome, Tally, key_of
from features.backfill.reading import Reader
from features.backfill.writing import Writer
from features.errors import SpotifyRateLimited, SpotifyUnavailable
from features.profile import UserId

FAILURES_IN_A_ROW = 5
"""After so many Spotify is down, and asking about the rest is of no use."""
_SIFTED_AT_ONCE = 250


class Watch(Protocol):
    """Watches how far it is."""

    def passed(self, count: int) -> None:
        """So many more need not be read."""
        ...

    def done(self) -> None:
        """One more was read, or it was found out why they cannot be."""
        ...


@dataclass(frozen=True)
class Backfill:
    """The parts, wired.

    Attributes:
        reader: of profiles.
        known: who need not be read.
        writer: of those who were.
        notes: for the next run.
        tally: up to date at any time.
        clock: timezone-aware.
    """

    reader: Reader
    known: Known
    writer: Writer
    notes: Notes
    tally: Tally
    clock: Callable[[], datetime]

    def run(self, found: Iterable[Found], watch: Watch, *, limit: int | None = None) -> None:
        """Read everybody who is not known well enough; those whom Spotify failed at once again at the end.

        Args:
            found: ids, and lines without one.
            watch: told how far it is.
            limit: ask about no more people than that.

        Raises:
            SpotifyRateLimited: Spotify wants to be left alone for longer than may be waited.
            SpotifyUnavailable: it failed several times in a row.
            SpotifyError: nobody's profile can be read.
            StoreError, TextModelError: what was read cannot be written.
        """
        failed: list[UserId] = []
        try:
            self._first_try(islice(self._to_read(found, watch), limit), watch, failed)
            self._second_try(watch, failed)
        finally:
            self.tally.of[Outcome.FAILED] += len(failed)
            self.writer.flush()

    def _first_try(self, user_ids: Iterable[UserId], watch: Watch, failed: list[UserId]) -> None:
        in_a_row = 0
        for user_id in user_ids:
            try:
                self._read(user_id)
            except SpotifyRateLimited:
                raise
            except SpotifyUnavailable:
                failed.append(user_id)
                in_a_row += 1
                if in_a_row == FAILURES_IN_A_ROW:
                    raise
                continue
            in_a_row = 0
            watch.done()

    def _second_try(self, watch: Watch, failed: list[UserId]) -> None:
        for user_id in tuple(failed):
            try:
                self._read(user_id)
            except SpotifyRateLimited:
                raise
            except SpotifyUnavailable:
                pass
            else:
                failed.remove(user_id)
            watch.done()

    def _read(self, user_id: UserId) -> None:
        begun_at = self.clock()
        read = self.reader.read(user_id)
        if not isinstance(read, Outcome):
            self.writer.add(read, begun_at)
            return
        self.tally.of[read] += 1
        if read in LASTING_OUTCOMES:
            self.notes.keep(read, [key_of(user_id)])

    def _to_read(self, found: Iterable[Found], watch: Watch) -> Iterator[UserId]:
        """Those who have to be read, each once."""
        distinct = self._distinct(found)
        while some := list(islice(distinct, _SIFTED_AT_ONCE)):
            sifted = self.known.sift(some)
            self.tally.of.update(sifted.passed)
            self.writer.agree(sifted.hidden)
            watch.passed(sifted.passed.total())
            yield from sifted.to_read

    def _distinct(self, found: Iterable[Found]) -> Iterator[UserId]:
        seen: set[UserId] = set()
        for each in found:
            if isinstance(each, NotAnId):
                self.tally.not_ids.append(each)
            elif each not in seen:
                seen.add(each)
                yield each
