"""Plays of a Spotify streaming history, counted per track. Which files they come from is ``spotify_export``'s matter.

A play counts as ListenBrainz counts it: music, heard for half a minute, and not in a private session.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from features.profile import Track
from features.sources.names import clean
from features.sources.spotify_rows import Row, rows

_MIN_PLAYED_MS = 30_000
_MAX_PLAYS = 1_000_000_000
_SPOKEN_WORD = ("episode_name", "spotify_episode_uri", "audiobook_title", "audiobook_uri")


@dataclass(frozen=True, slots=True)
class HistoryKeys:
    """What one kind of history calls its columns; no other key of a row is ever kept."""

    artist: str
    title: str
    played_ms: str
    ended_at: str


ACCOUNT = HistoryKeys("artistName", "trackName", "msPlayed", "endTime")
EXTENDED = HistoryKeys("master_metadata_album_artist_name", "master_metadata_track_name", "ms_played", "ts")


class History:
    """How often each track was played."""

    def __init__(self, keys: HistoryKeys) -> None:
        self._keys = keys
        self._plays: Counter[tuple[str, str]] = Counter()
        self._seen: set[int] = set()

    def count(self, document: object) -> None:
        """Count the plays of one file."""
        for row in rows(document):
            if not _is_listening(row, self._keys):
                continue
            track = clean(row.get(self._keys.artist)), clean(row.get(self._keys.title))
            if track[0] and self._is_new(row.get(self._keys.ended_at), track):
                self._plays[track] += 1

    def most_played(self, max_tracks: int) -> Iterator[Track]:
        """The most played tracks first, ties by name; at most ``max_tracks``."""
        ranked = sorted(self._plays.items(), key=lambda item: (-item[1], item[0]))
        for (artist, title), plays in ranked[:max_tracks]:
            yield Track(artist=artist, title=title or None, plays=min(plays, _MAX_PLAYS))

    def _is_new(self, ended_at: object, track: tuple[str, str]) -> bool:
        """Whether this play was not met before: two exports put into one ZIP share most of theirs."""
        if not isinstance(ended_at, str):
            return True
        play = hash((ended_at, track))
        if play in self._seen:
            return False
        self._seen.add(play)
        return True


def _is_listening(row: Row, keys: HistoryKeys) -> bool:
    played_ms = row.get(keys.played_ms)
    is_long_enough = isinstance(played_ms, int | float) and played_ms >= _MIN_PLAYED_MS
    # Whatever is not plainly "no" is taken for a private session.
    is_public = row.get("incognito_mode") in (None, False)
    return is_long_enough and is_public and not any(row.get(key) for key in _SPOKEN_WORD)
