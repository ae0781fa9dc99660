"""The parts that read from Spotify, wired to the stand-in; time passes only when they wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from features.profile import TasteProfile
from features.spotify.compose import Spotify, open_spotify
from features.spotify.patience import Gate
from features.spotify.settings import SpotifySettings
from tests.fakes.spotify import FakeSpotify


@dataclass
class Clock:
    """Stands still, but for those who sleep by it."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._guard:
            self.slept.append(seconds)
            self.now += seconds

    def gate(self) -> Gate:
        return Gate(clock=self, sleep=self.sleep)


def settings_of(fake: FakeSpotify, **more: object) -> SpotifySettings:
    return SpotifySettings(
        _env_file=None,
        **{
            "client_id": fake.client_id,
            "client_secret": SecretStr(fake.client_secret),
            "api_url": fake.api_url,
            "accounts_url": fake.accounts_url,
            **more,
        },
    )


@contextmanager
def spotify_of(fake: FakeSpotify, home: Path, clock: Clock | None = None, **more: object) -> Iterator[Spotify]:
    with open_spotify(settings_of(fake, **more), home, gate=(clock or Clock()).gate(), backoff_s=0.001) as spotify:
        yield spotify


def names(profile: TasteProfile) -> list[str]:
    return [playlist.name for playlist in profile.playlists]


def artists(profile: TasteProfile, playlist: str) -> list[str]:
    return [track.artist for each in profile.playlists if each.name == playlist for track in each.tracks]
