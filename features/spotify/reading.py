"""Reading the contents of many playlists: what is left of an earlier reading first, the rest side by side.

Whose playlists they are, and what else belongs to a profile, lives in ``public`` and ``library``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from features.errors import SpotifyError, SpotifyForbidden, SpotifyNotFound
from features.spotify.assemble import ReadPlaylist, check_size
from features.spotify.paging import Ask
from features.spotify.shapes import Heard, ListedPlaylist, heard_in
from features.spotify.side_by_side import read_lists
from features.spotify.web_api import PAGE

MOST_CHOSEN = 20

OnStep: TypeAlias = Callable[[str, int, int], None]
"""Told of a step ("access", "profile", "playlists", "library", "artists"), how much of it is done, and how much there
is; what it raises ends the reading."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """How much of a profile to read.

    Attributes:
        playlists: the first so many that hold tracks, 1 to 20; None for all.
        max_tracks: more rows than that are refused.

    Raises:
        ValueError: ``playlists`` is no such number.
    """

    playlists: int | None = None
    max_tracks: int = 50_000

    def __post_init__(self) -> None:
        if self.playlists is not None and not 1 <= self.playlists <= MOST_CHOSEN:
            raise ValueError(f"playlists must be from 1 to {MOST_CHOSEN}, or None for all")


class Memory(Protocol):
    """Remembers what was read, for a reading that stops."""

    def found(self, playlists: Iterable[ListedPlaylist]) -> dict[str, list[Heard]]:
        """By their ids those of the playlists that were read before."""
        ...

    def add(self, playlist: ListedPlaylist, heard: Sequence[Heard]) -> None:
        """A playlist was read."""
        ...


def no_steps(_step: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass
class PlaylistReader:
    """Reads playlists of one profile.

    Attributes:
        ask: makes of a playlist what asks for its pages.
        memory: of what was read before, and is read now.
        limits: how much of it to read.
        at_once: requests at the same time.
        on_step: told of every playlist.
    """

    ask: Callable[[ListedPlaylist], Ask]
    memory: Memory
    limits: ReadingLimits
    at_once: int
    on_step: OnStep = no_steps

    def read(self, listed: Iterable[ListedPlaylist]) -> list[ReadPlaylist]:
        """Those that hold tracks, in the order in which they are listed.

        Raises:
            ProfileTooLarge: they hold more than they may.
            SpotifyForbidden: there are some, and none of them may be read.
            SpotifyError: Spotify does not answer; what was read by then is in the memory.
        """
        waiting = deque(playlist for playlist in listed if playlist.total != 0)
        wanted = min(self.limits.playlists or len(waiting), len(waiting))
        earlier = self.memory.found(waiting)
        found: list[ReadPlaylist] = []
        refused: SpotifyError | None = None
        has_read = False
        while waiting and len(found) < wanted:
            wave = [waiting.popleft() for _ in range(min(wanted - len(found), len(waiting)))]
            check_size(sum(playlist.total or 0 for playlist in wave), self.limits.max_tracks)
            for playlist, heard in zip(wave, self._contents(wave, earlier, len(found), wanted), strict=True):
                if isinstance(heard, SpotifyError):
                    refused = heard if isinstance(heard, SpotifyForbidden) else refused
                    continue
                has_read = True
                if heard:
                    found.append(ReadPlaylist(playlist.name, heard))
            check_size(sum(len(playlist.heard) for playlist in found), self.limits.max_tracks)
        if refused is not None and not has_read:
            raise refused
        return found

    def _contents(
        self, wave: Sequence[ListedPlaylist], earlier: dict[str, list[Heard]], held: int, wanted: int
    ) -> list[list[Heard] | SpotifyForbidden | SpotifyNotFound]:
        """What is in each playlist, or why it cannot be read."""
        contents: dict[str, list[Heard] | SpotifyForbidden | SpotifyNotFound] = {
            playlist.id: earlier[playlist.id] for playlist in wave if playlist.id in earlier
        }
        missing = [playlist for playlist in wave if playlist.id not in contents]
        self.on_step("playlists", held + len(contents), wanted)
        asks = [self.ask(playlist) for playlist in missing]
        for number, rows in read_lists(asks, size=PAGE, at_once=self.at_once, most=self.limits.max_tracks):
            playlist = missing[number]
            if isinstance(rows, SpotifyForbidden | SpotifyNotFound):
                contents[playlist.id] = rows
            else:
                contents[playlist.id] = heard = heard_in(rows)
                self.memory.add(playlist, heard)
            self.on_step("playlists", held + len(contents), wanted)
        return [contents[playlist.id] for playlist in wave]
