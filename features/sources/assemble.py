"""From cleaned rows to one TasteProfile: the limits on its size and the refusal of an empty one. No file formats."""

from __future__ import annotations

from collections.abc import Iterable

from features.errors import EmptyProfile, ProfileTooLarge
from features.profile import Playlist, TasteProfile, Track
from features.sources.names import clean


def make_track(artist: object, title: object, *, plays: int | None = None) -> Track | None:
    """A track from values as a file gave them; None where they name no artist."""
    name = clean(artist)
    return Track(artist=name, title=clean(title) or None, plays=plays) if name else None


def too_many_tracks(max_tracks: int) -> ProfileTooLarge:
    """The error that every format gives for a profile of too many rows."""
    return ProfileTooLarge(
        f"The profile holds more than {max_tracks:,} tracks.",
        "Leave some playlists out, or raise SOUNDALIKE_MAX_PROFILE_TRACKS.",
    )


def no_tracks() -> EmptyProfile:
    """The error that every format gives for a profile of no rows."""
    return EmptyProfile("The profile holds no track with an artist.", "Add at least one playlist with tracks.")


class ProfileDraft:
    """A profile in the making, which stops an endless source as soon as it holds too much."""

    def __init__(self, *, source: str, max_tracks: int) -> None:
        self._source = source
        self._max_tracks = max_tracks
        self._playlists: list[Playlist] = []
        self.room = max_tracks
        """How many rows still fit."""

    def add(self, name: str, tracks: Iterable[Track]) -> None:
        """Add a playlist; one without tracks is left out.

        Raises:
            ProfileTooLarge: the profile holds more rows than it may.
        """
        kept: list[Track] = []
        for track in tracks:
            if len(kept) == self.room:
                raise too_many_tracks(self._max_tracks)
            kept.append(track)
        self.room -= len(kept)
        if kept:
            self._playlists.append(Playlist(name=name, tracks=tuple(kept)))

    def build(self) -> TasteProfile:
        """The profile, without any identity: a file says what was heard, the program says by whom.

        Raises:
            EmptyProfile: nothing was added.
        """
        if not self._playlists:
            raise no_tracks()
        return TasteProfile(source=self._source, playlists=tuple(self._playlists))
