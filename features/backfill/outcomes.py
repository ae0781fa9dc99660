"""How reading a profile ended: counted for who runs the command, and noted for the next time.

Noted are endings that will not be others soon, so that nobody is asked about again and again. A note is a digest and a
date, never an id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Final

import orjson

from features.backfill.ids import NotAnId
from features.profile import UserId
from features.spotify.files import opened
from features.sqlite.opening import Schema
from features.sqlite.writes import microseconds

SCHEMA = Schema(
    what="list of profiles asked for",
    application_id=0x50756266,
    version=1,
    statements=(
        """CREATE TABLE notes (
            digest TEXT PRIMARY KEY,
            outcome TEXT NOT NULL,
            noted_at INTEGER NOT NULL  -- microseconds since 1970
        ) WITHOUT ROWID""",
    ),
)


class Outcome(StrEnum):
    """What became of an id."""

    ADDED = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    AGREED = "made findable"
    FRESH = "fresh already"
    ELSEWHERE = "brought by themselves"
    LEFT = "left"
    UNKNOWN = "unknown"
    NOTHING_PUBLIC = "nothing public"
    FAILED = "failed"
    REFUSED = "refused"


READ: Final = (Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED)
LASTING_OUTCOMES: Final = frozenset({Outcome.UNKNOWN, Outcome.NOTHING_PUBLIC})
LASTING: Final = timedelta(days=7)


@dataclass
class Tally:
    """What a backfill did. ``of`` counts ids; those who were noted earlier and not asked about again are in it."""

    of: Counter[Outcome] = field(default_factory=Counter)
    not_ids: list[NotAnId] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Profiles that were read and are in the store."""
        return sum(self.of[outcome] for outcome in READ)


def _now() -> datetime:
    return datetime.now(UTC)


class Notes:
    """Notes in an SQLite file; every method may raise ``StoreError``."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
        """Open the file, or begin a new one, and wipe what is older than 7 days."""
        self._database = opened(path, SCHEMA)
        self._clock = clock
        self._wipe()

    def keep(self, outcome: Outcome, keys: Iterable[str]) -> None:
        """Note how it ended for those that ``key_of`` made ``keys`` of."""
        now = microseconds(self._clock())
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", [(key, outcome.value, now) for key in keys]
            )

    def among(self, keys: Iterable[str]) -> Mapping[str, Outcome]:
        """What is noted of those of ``keys`` that have one."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT digest, outcome FROM notes WHERE digest IN (SELECT value FROM json_each(?))",
                (orjson.dumps(list(keys)).decode(),),
            ).fetchall()
        return {digest: Outcome(outcome) for digest, outcome in rows}

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _wipe(self) -> None:
        with self._database.writing() as connection:
            gone = connection.execute(
                "DELETE FROM notes WHERE noted_at < ?", (microseconds(self._clock() - LASTING),)
            ).rowcount
        if gone:
            self._database.clear_traces()


def key_of(user_id: UserId) -> str:
    """The digest that stands for a person, in hexadecimal digits."""
    return blake2b(user_id.encode(), digest_size=16).hexdigest()
