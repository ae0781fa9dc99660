"""What was read of a profile until its reading stopped, kept for a day at most so that it can go on from there.

Only rows as a profile has them, never Spotify's answers. They go when the reading is done, when the person is
forgotten, and when their day is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

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


class UnfinishedReadings:
    """Playlists that were read, by whose profile it is. Safe to share between threads; may raise StoreError."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _now) -> None:
        """Open the file, or begin a new one."""
        self._database = opened(path, SCHEMA)
        self._clock = clock
        self.wipe_expired()

    def found(self, user_id: UserId, playlists: Iterable[ListedPlaylist]) -> dict[str, list[Heard]]:
        """By their ids those of the playlists that were read, and have not changed since."""
        self.wipe_expired()
        snapshots = {playlist.id: playlist.snapshot_id for playlist in playlists}
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT playlist_id, snapshot_id, heard FROM playlists WHERE user_id = ?", (user_id,)
            )
            return {
                playlist_id: [Heard(*heard) for heard in orjson.loads(content)]
                for playlist_id, snapshot_id, content in rows
                if snapshots.get(playlist_id) == snapshot_id
            }

    def keep(self, user_id: UserId, playlist: ListedPlaylist, heard: Sequence[Heard]) -> None:
        """A playlist was read."""
        row = (user_id, playlist.id, playlist.snapshot_id, orjson.dumps(list(map(list, heard))))
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO playlists VALUES (?, ?, ?, ?, ?)", (*row, microseconds(self._clock()))
            )

    def forget(self, user_id: UserId) -> None:
        """Nothing of this person is kept any more, not even in bytes of the file that are free."""
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
