"""What was read of a profile until its reading stopped, kept for a day at most so that it can go on from there.

Only rows as a profile has them, never Spotify's answers, and nothing of a reading that comes to its end at once. They
go when the profile is read, when the person is forgotten or their login is over, and when their day is over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from features.errors import InvalidProfile, SpotifyLoginNeeded, StoreError
from features.profile import UserId
from features.spotify.files import opened
from features.spotify.shapes import Heard, ListedPlaylist
from features.sqlite.opening import Schema
from features.sqlite.writes import microseconds

SCHEMA = Schema(
    what="store of unfinished readings",
    application_id=0x50757372,
    version=1,
    statements=(
        """CREATE TABLE playlists (
            user_id TEXT NOT NULL,
            playlist_id TEXT NOT NULL,
            snapshot_id TEXT NOT NULL,
            heard BLOB NOT NULL,  -- a JSON list of rows
            read_at INTEGER NOT NULL,  -- microseconds since 1970
            PRIMARY KEY (user_id, playlist_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX by_age ON playlists (read_at)",
    ),
)
KEPT_FOR = timedelta(hours=24)


def _now() -> datetime:
    return datetime.now(UTC)


class Reading:
    """One reading of a profile: what an earlier one left, and what this one would leave.

    Attributes:
        is_wanted: whether it may leave anything; not of who was forgotten while it went on.
    """

    def __init__(self, left: Mapping[str, tuple[str, bytes]]) -> None:
        self._left = left
        self.read: dict[ListedPlaylist, Sequence[Heard]] = {}
        self.is_wanted = True

    def found(self, playlists: Iterable[ListedPlaylist]) -> dict[str, list[Heard]]:
        """By their ids those of the playlists that were read before, and have not changed since."""
        found = {}
        for playlist in playlists:
            snapshot_id, content = self._left.get(playlist.id, ("", b""))
            if content and snapshot_id == playlist.snapshot_id:
                found[playlist.id] = [Heard(*heard) for heard in orjson.loads(content)]
        return found

    def add(self, playlist: ListedPlaylist, heard: Sequence[Heard]) -> None:
        """A playlist was read."""
        self.read[playlist] = heard


class UnfinishedReadings:
    """Playlists that were read, by whose profile it is. Safe to share between threads; may raise StoreError."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
        """Open the file, or begin a new one."""
        self._database = opened(path, SCHEMA)
        self._clock = clock
        self._guard = threading.Lock()
        self._readings: list[tuple[UserId, Reading]] = []  # those under way
        self.wipe_expired()

    @contextmanager
    def reading(self, user_id: UserId) -> Iterator[Reading]:
        """Around a reading: what it has read is kept if something ends it early, and forgotten if nothing does.

        A profile that cannot be used once it is read will not get better by being kept, either; and who is not logged
        in any more has taken back that it is read.
        """
        self.wipe_expired()
        reading = Reading(self._left(user_id))
        with self._under_way(user_id, reading):
            try:
                yield reading
            except (InvalidProfile, SpotifyLoginNeeded):
                self._delete(user_id)
                raise
            except BaseException:
                with suppress(StoreError):  # then it is read again; what ended it is what there is to tell
                    self._keep(user_id, reading)
                raise
            self._delete(user_id)

    @contextmanager
    def _under_way(self, user_id: UserId, reading: Reading) -> Iterator[None]:
        """While the block lasts, the reading hears of it when the person is forgotten."""
        with self._guard:
            self._readings.append((user_id, reading))
        try:
            yield
        finally:
            with self._guard:
                self._readings.remove((user_id, reading))

    def _left(self, user_id: UserId) -> dict[str, tuple[str, bytes]]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT playlist_id, snapshot_id, heard FROM playlists WHERE user_id = ?", (user_id,)
            )
            return {playlist_id: (snapshot_id, content) for playlist_id, snapshot_id, content in rows}

    def _keep(self, user_id: UserId, reading: Reading) -> None:
        stamp = microseconds(self._clock())
        with self._database.writing() as connection:
            if not reading.is_wanted:  # asked in here: who forgets tells us first, and deletes after this
                return
            connection.executemany(
                "INSERT OR REPLACE INTO playlists VALUES (?, ?, ?, ?, ?)",
                [
                    (user_id, playlist.id, playlist.snapshot_id, orjson.dumps(list(map(list, heard))), stamp)
                    for playlist, heard in reading.read.items()
                ],
            )

    def forget(self, user_id: UserId) -> None:
        """Nothing of this person is kept any more, not even in bytes of the file that are free.

        Nor will anything be of a reading that is under way. Raises StoreError.
        """
        with self._guard:
            for whose, reading in self._readings:
                if whose == user_id:
                    reading.is_wanted = False
        self._delete(user_id)

    def _delete(self, user_id: UserId) -> None:
        with self._database.writing() as connection:
            gone = connection.execute("DELETE FROM playlists WHERE user_id = ?", (user_id,)).rowcount
        if gone:
            self._database.clear_traces()

    def wipe_expired(self) -> int:
        """Forget what was read more than a day ago; how many playlists. To be called now and then."""
        day_ago = microseconds(self._clock() - KEPT_FOR)
        with self._database.reading() as connection:
            if not connection.execute(
                "SELECT EXISTS (SELECT 1 FROM playlists WHERE read_at < ?)", (day_ago,)
            ).fetchone()[0]:
                return 0
        with self._database.writing() as connection:
            gone = connection.execute("DELETE FROM playlists WHERE read_at < ?", (day_ago,)).rowcount
        self._database.clear_traces()
        return gone

    def close(self) -> None:
        """Close the file."""
        self._database.close()
