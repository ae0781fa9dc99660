"""Reading a public profile: requests side by side against the same ones page after page, which is what spotipy offers.

Spotify is the stand-in of the tests, in a process of its own, with a latency that is set; what a network or Spotify's
own limits cost is not in these figures.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from statistics import median

from features.profile import UserId
from features.settings import load
from features.spotify.compose import open_spotify
from features.spotify.settings import SpotifySettings

PLAYLISTS, TRACKS, ARTISTS = 20, 100, 800
WHO = UserId("ann")


def run(latency_ms: float, runs: int) -> list[str]:
    """The figures."""
    with _stand_in(latency_ms) as variables:
        os.environ.update(variables)
        together = load(SpotifySettings).at_once
        seconds: dict[int, list[float]] = {together: [], 1: []}
        for _ in range(runs):  # in turn, so that whatever else the machine does hits both
            for at_once, taken in seconds.items():
                taken.append(_seconds(at_once))
    side_by_side, one_by_one = median(seconds[together]), median(seconds[1])
    return [
        f"reading {PLAYLISTS} playlists of {TRACKS} tracks by {ARTISTS} artists, {latency_ms:g} ms an answer: "
        f"{side_by_side / one_by_one:.2f} x the time of page after page "
        f"({side_by_side:.2f} s with {together} requests at once, {one_by_one:.2f} s; median of {runs})",
    ]


def serve(latency_ms: float) -> None:
    """Be the stand-in, with one person; print the settings of a program that is to talk to it."""
    from tests.fakes.spotify import FakeSpotify, a_world, many_tracks

    world = a_world().with_user(WHO)
    tracks = many_tracks(PLAYLISTS * TRACKS, ARTISTS)
    for number in range(PLAYLISTS):
        world.with_playlist(WHO, f"mix {number}", tracks=tracks[number * TRACKS : (number + 1) * TRACKS])
    with FakeSpotify(world, latency_s=latency_ms / 1000) as fake:
        for name, value in fake.variables().items():
            print(f"{name}={value}")
        print(flush=True)
        signal.pause()


def _seconds(at_once: int) -> float:
    """Of one reading, with nothing known of any artist, but the token and the access mode at hand."""
    settings = load(SpotifySettings).model_copy(update={"at_once": at_once})
    with tempfile.TemporaryDirectory() as folder, open_spotify(settings, Path(folder)) as spotify:
        spotify.access()
        started = time.perf_counter()
        profile = spotify.profiles.read(WHO)
        taken = time.perf_counter() - started
    if profile.track_count != PLAYLISTS * TRACKS:
        raise RuntimeError("the profile is not whole")
    return taken


@contextmanager
def _stand_in(latency_ms: float) -> Iterator[dict[str, str]]:
    """The stand-in in a process of its own; the variables by which it is reached."""
    command = [sys.executable, "-c", f"from benchmarks.spotify import serve; serve({latency_ms})"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = takewhile(str.strip, process.stdout or ())
        yield dict(line.rstrip("\n").split("=", 1) for line in lines)
    finally:
        process.terminate()
        process.wait(timeout=30)
