"""Genres of artists by their ids: asked for fifty at a time, and kept for a week, what Spotify does not know as well.

The file names artists and nobody who plays them. Apps in development mode have no such question to ask: whoever calls
this knows the access mode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from features.errors import SpotifyForbidden, SpotifyNotFound
from features.spotify.files import opened
from features.spotify.paging import Page
from features.spotify.shapes import genres_in, id_in
from features.spotify.side_by_side import read_lists
from features.spotify.web_api import PAGE, WebApi
from features.sqlite.opening import Schema
from features.sqlite.writes import microseconds

SCHEMA = Schema(
    what="cache of artists",
    application_id=0x50757361,
    version=1,
    statements=(
        """CREATE TABLE artists (
            id TEXT PRIMARY KEY,
            genres BLOB NOT NULL,  -- a JSON list; empty where Spotify knows none, or not the artist
            read_at INTEGER NOT NULL  -- microseconds since 1970
        ) WITHOUT ROWID""",
        "CREATE INDEX by_age ON artists (read_at)",
    ),
)
KEPT_FOR = timedelta(days=7)

Progress = Callable[[int, int], None]
"""Told how many are done, and how many there are."""


def _now() -> datetime:
    return datetime.now(UTC)


class ArtistGenres:
    """What genres artists are of, with a cache on disk. Safe to share between threads; methods may raise StoreError."""

    def __init__(self, path: Path, *, kept_for: timedelta = KEPT_FOR, clock: Callable[[], datetime] = _now) -> None:
        """Open the cache, or begin a new one."""
        self._database = opened(path, SCHEMA)
        self._kept_for = kept_for
        self._clock = clock

    def of(self, api: WebApi, artist_ids: Sequence[str], on_progress: Progress) -> dict[str, tuple[str, ...]]:
        """Genres by id of the artists that have any; just those that are not known here are asked for.

        Raises:
            SpotifyError: Spotify did not tell; what it told until then is kept.
        """
        self.wipe_expired()
        known = self._known(artist_ids)
        missing = [each for each in dict.fromkeys(artist_ids) if each not in known]
        batches = [missing[start : start + PAGE] for start in range(0, len(missing), PAGE)]
        total = len(known) + len(missing)
        done = len(known)
        on_progress(done, total)
        # A batch is a list of one page.
        asks = [_asking(api, batch) for batch in batches]
        told: dict[str, tuple[str, ...]] = {}
        try:
            for number, found in read_lists(asks, size=PAGE, at_once=api.at_once, most=0):
                if not isinstance(found, SpotifyForbidden | SpotifyNotFound):
                    told |= _told(batches[number], found)
                done += len(batches[number])
                on_progress(done, total)
        finally:
            self._keep(told)
        return {artist: genres for artist, genres in (known | told).items() if genres}

    def wipe_expired(self) -> None:
        """Forget what was read too long ago."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM artists WHERE read_at < ?", (microseconds(self._clock() - self._kept_for),))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _known(self, artist_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id, genres FROM artists WHERE id IN (SELECT value FROM json_each(?))",
                (orjson.dumps(artist_ids).decode(),),
            )
            return {artist: tuple(orjson.loads(genres)) for artist, genres in rows}

    def _keep(self, told: Mapping[str, tuple[str, ...]]) -> None:
        if not told:
            return
        # The day is enough, and does not tell which artists one reading asked for.
        stamp = microseconds(self._clock().replace(hour=0, minute=0, second=0, microsecond=0))
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO artists VALUES (?, ?, ?)",
                [(artist, orjson.dumps(genres), stamp) for artist, genres in sorted(told.items())],
            )


def _asking(api: WebApi, batch: Sequence[str]) -> Callable[[int], Page]:
    return lambda _offset: {"items": api.artists(batch).get("artists")}


def _told(batch: Sequence[str], found: Sequence[object]) -> dict[str, tuple[str, ...]]:
    """Genres of all that was asked for: none of the artists that Spotify answers with null for, or leaves out."""
    artists = [row if isinstance(row, dict) else {} for row in found]
    if len(artists) == len(batch):  # in the order of the question; an artist may have got another id
        return {artist_id: genres_in(artist) for artist_id, artist in zip(batch, artists, strict=True)}
    by_id = {id_in(artist): genres_in(artist) for artist in artists}
    return {artist_id: by_id.get(artist_id, ()) for artist_id in batch}
