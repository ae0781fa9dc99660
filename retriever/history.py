"""How the service was: a few numbers every five minutes, in a small file of its own. Nobody is named in it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from features.errors import StoreError
from features.sqlite.database import Database
from features.sqlite.opening import Schema
from features.sqlite.trouble import is_damage
from retriever.answers_status import StatusHistory
from retriever.observe.state import State
from retriever.repeating import Repeating

FILE_NAME = "history.db"
EVERY = timedelta(minutes=5)
KEPT = timedelta(days=90)
_LOOK_EVERY_S = 5.0
_SCHEMA = Schema(
    what="history of the service",
    application_id=0x536F4869,
    version=1,
    statements=(
        # at: in seconds since 1970; null: not known then.
        "CREATE TABLE samples (at INTEGER PRIMARY KEY, people INTEGER, outbox_waiting INTEGER,"
        " index_age_s REAL, model_age_s REAL)",
    ),
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """How it was at a moment; None: not known."""

    at: datetime
    people: int | None
    outbox_waiting: int | None
    index_age_s: float | None
    model_age_s: float | None

    @classmethod
    def of(cls, state: State, at: datetime) -> Sample:
        """A moment as the metrics tell of it."""
        return cls(at, state.people, sum(state.outbox_waiting.values()), state.index_age_s, state.model_age_s)


class History:
    """The samples, on disk. Blocking; every method may raise StoreError."""

    def __init__(self, home: Path) -> None:
        """Open the file in ``home``; a damaged one is begun anew: the service does not stand or fall with it."""
        path = home / FILE_NAME
        try:
            self._database = Database(path, _SCHEMA)
        except StoreError as error:
            if not is_damage(error):
                raise
            _log.warning("%s It is moved aside, and a new one begun.", error)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            path.replace(path.with_name(path.name + ".damaged"))
            self._database = Database(path, _SCHEMA)

    def add(self, sample: Sample) -> None:
        """Keep a sample, and no sample that is older than 90 days."""
        row = (sample.people, sample.outbox_waiting, sample.index_age_s, sample.model_age_s)
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?)", (_seconds(sample.at), *row))
            connection.execute("DELETE FROM samples WHERE at < ?", (_seconds(sample.at - KEPT),))

    def last(self, until: datetime) -> datetime | None:
        """When the last sample was taken; one of a future that a wrong clock was in does not count."""
        with self._database.reading() as connection:
            (at,) = connection.execute("SELECT max(at) FROM samples WHERE at <= ?", (_seconds(until),)).fetchone()
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def since(self, moment: datetime) -> StatusHistory:
        """The samples from ``moment`` on, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM samples WHERE at >= ? ORDER BY at", (_seconds(moment),)).fetchall()
        at, *others = zip(*rows, strict=True) if rows else ((),) * 5
        return StatusHistory(tuple(datetime.fromtimestamp(each, UTC) for each in at), *others)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _now() -> datetime:
    return datetime.now(UTC)


class Historian(Repeating):
    """Takes a sample every five minutes, the first one soon after the server started."""

    def __init__(self, history: History, state: Callable[[], State], clock: Callable[[], datetime] = _now) -> None:
        super().__init__("historian", _LOOK_EVERY_S)
        self._history, self._state, self._clock = history, state, clock
        self._trouble: str | None = None

    def step(self) -> None:
        """Take a sample if it is time; where that cannot be done, it is tried again soon."""
        now = self._clock()
        try:
            last = self._history.last(now)
            if last is None or now - last >= EVERY:
                self._history.add(Sample.of(self._state(), now))
            self._trouble = None
        except StoreError as error:
            if self._trouble != str(error):
                _log.warning("no sample for the history: %s", error)
            self._trouble = str(error)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
