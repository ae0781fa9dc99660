"""The plays of an invented listener, as Spotify writes them into its two kinds of streaming history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

LAST_PLAY = datetime(2024, 12, 20, 21, 14, 5)
"""Fixed, so that the same listener gives the same bytes."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Play:
    """One play; a private one is ``incognito``, one that was cut short lasted a few seconds."""

    song: Row
    ended: datetime
    ms_played: int
    incognito: bool


def make_plays(songs: Sequence[Row], rng: np.random.Generator, *, count: int) -> list[Play]:
    """Plays by time, the first songs far more often than the last; some skipped, some private."""
    share = 1 / np.arange(1, len(songs) + 1) ** 0.7
    chosen = rng.choice(len(songs), size=count, p=share / share.sum())
    minutes = np.sort(rng.integers(0, 2 * 365 * 24 * 60, size=count))[::-1]
    return [
        Play(
            song=songs[int(song)],
            ended=LAST_PLAY - timedelta(minutes=int(ago)),
            ms_played=int(rng.integers(2_000, 20_000) if rng.random() < 0.15 else rng.integers(120_000, 320_000)),
            incognito=bool(rng.random() < 0.03),
        )
        for song, ago in zip(chosen, minutes, strict=True)
    ]


def account_row(play: Play) -> Row:
    """A row of ``StreamingHistory_music_0.json``."""
    return {
        "endTime": play.ended.strftime("%Y-%m-%d %H:%M"),
        "artistName": play.song["artistName"],
        "trackName": play.song["trackName"],
        "msPlayed": play.ms_played,
    }


def extended_row(play: Play) -> Row:
    """A row of ``Streaming_History_Audio_….json``; address and platform are examples that belong to nobody."""
    skipped = play.ms_played < 30_000
    return {
        "ts": play.ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": "android",
        "ms_played": play.ms_played,
        "conn_country": "ZZ",
        "ip_addr": "203.0.113.7",
        "master_metadata_track_name": play.song["trackName"],
        "master_metadata_album_artist_name": play.song["artistName"],
        "master_metadata_album_album_name": play.song["albumName"],
        "spotify_track_uri": play.song["trackUri"],
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "trackdone",
        "reason_end": "fwdbtn" if skipped else "trackdone",
        "shuffle": False,
        "skipped": skipped,
        "offline": False,
        "offline_timestamp": None,
        "incognito_mode": play.incognito,
    }


def podcast_row() -> Row:
    """An episode in the extended history, whose track fields are null."""
    nothing = {"trackName": None, "artistName": None, "albumName": None, "trackUri": None}
    row = extended_row(Play(nothing, LAST_PLAY, 1_805_000, incognito=False))
    return row | {
        "episode_name": "Episode 12: Weather",
        "episode_show_name": "An Invented Podcast",
        "spotify_episode_uri": "spotify:episode:0000000000000000000012",
    }
