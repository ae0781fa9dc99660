"""SpotifyLibrary: playlists, liked songs and favourite artists of somebody who logged in, as one TasteProfile.

Works in every access mode; in development mode only own playlists show what is in them, and no genres come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from features.errors import EmptyProfile, SpotifyForbidden, SpotifyUnavailable
from features.profile import MAX_PLAYLISTS, TasteProfile, UserId
from features.spotify.access import KnownAccess
from features.spotify.artists import ArtistGenres
from features.spotify.assemble import Genres, ReadPlaylist, artist_ids, check_size, profile_of
from features.spotify.connection import PersonToken
from features.spotify.favourites import favourite_artists, ranked
from features.spotify.kept import Reading, UnfinishedReadings
from features.spotify.paging import Ask, in_turn
from features.spotify.reading import OnStep, PlaylistReader, ReadingLimits, no_steps
from features.spotify.shapes import (
    ListedPlaylist,
    display_name_in,
    listed_playlists,
    user_id_in,
)
from features.spotify.trouble import unreadable
from features.spotify.web_api import PAGE, WebApi

SOURCE = "spotify-login"
_LIKED = ListedPlaylist("liked", "Liked Songs")


@dataclass(frozen=True, slots=True)
class ReadLibrary:
    """What was read, and whose it is.

    Attributes:
        profile: its ``user_id`` is Spotify's id of the person.
        account_id: Spotify's mark of the account, which never changes; None where it does not tell.
    """

    profile: TasteProfile
    account_id: str | None


class SpotifyLibrary:
    """Reads libraries of people who logged in. Safe to share between threads."""

    def __init__(
        self,
        api_for: Callable[[PersonToken], AbstractContextManager[WebApi]],
        access: KnownAccess,
        genres: ArtistGenres,
        readings: UnfinishedReadings,
    ) -> None:
        self._api_for = api_for
        self._access = access
        self._genres = genres
        self._readings = readings

    def read(self, token: PersonToken, limits: ReadingLimits | None = None, on_step: OnStep = no_steps) -> ReadLibrary:
        """All that somebody agreed to show; what they did not agree to is left out.

        Args:
            token: gives an access token of theirs that is good for a while, and another one if it is told that one was
                refused; asked for with every request.
            limits: how many of the playlists, and how many tracks; liked songs and artists come on top.
            on_step: told how far it is.

        Raises:
            SpotifyLoginNeeded: they are not logged in any more.
            SpotifyForbidden: Spotify does not let them use this app.
            EmptyProfile: there is nothing in their library.
            ProfileTooLarge: it holds more than ``limits`` allow.
            SpotifyRateLimited: Spotify wants to be asked later; a second reading within a day goes on from there.
            SpotifyUnavailable: it does not answer for the moment.
            StoreError: what was read cannot be kept.
        """
        with self._api_for(token) as api:
            return self._read(api, limits or ReadingLimits(), on_step)

    def forget(self, user_id: UserId) -> None:
        """Keep nothing of an unfinished reading. Raises StoreError."""
        self._readings.forget(user_id)

    def _read(self, api: WebApi, limits: ReadingLimits, on_step: OnStep) -> ReadLibrary:
        on_step("profile", 0, 1)
        me = api.me()
        user_id = user_id_in(me)
        if user_id is None:
            raise unreadable()
        on_step("profile", 1, 1)
        with self._readings.reading(user_id) as reading:
            playlists = _playlists(api, reading, limits, on_step)
            favourites = favourite_artists(api, on_step)
            ids = [*artist_ids(playlists), *(each.id for _, artists in favourites for each in artists if each.id)]
            genres = self._genres_of(api, ids, on_step)
        of_artists = [ranked(name, artists, genres) for name, artists in favourites if artists]
        if not playlists and not of_artists:
            raise EmptyProfile(
                "This library holds no track and no artist.", "Save a song or make a playlist, and try again."
            )
        profile = profile_of(user_id, display_name_in(me), SOURCE, playlists, of_artists, genres=genres)
        account_id = me.get("account_id")
        return ReadLibrary(profile, account_id if isinstance(account_id, str) and account_id else None)

    def _genres_of(self, api: WebApi, ids: Sequence[str], on_step: OnStep) -> Genres:
        """Of all artists; none where the app may not ask, or has no secret to find that out with."""
        try:
            may_ask = self._access(lambda: on_step("access", 0, 1)).mode == "extended"
        except SpotifyUnavailable:
            return {}
        return self._genres.of(api, ids, lambda done, total: on_step("artists", done, total)) if may_ask else {}


def _playlists(api: WebApi, reading: Reading, limits: ReadingLimits, on_step: OnStep) -> list[ReadPlaylist]:
    """Own and followed ones as far as they may be read, then the liked songs."""
    found: list[ReadPlaylist] = []
    liked = ReadingLimits(max_tracks=limits.max_tracks)
    with suppress(SpotifyForbidden):  # not agreed to, or only other people's, which development mode hides
        rows = in_turn(api.my_playlists, size=PAGE, most=MAX_PLAYLISTS)
        listed = [playlist for playlist in listed_playlists(rows) if playlist.total != 0]
        reader = PlaylistReader(_pages(api), reading, limits, api.at_once, on_step)
        found += reader.read(listed)
    with suppress(SpotifyForbidden):
        reader = PlaylistReader(_liked_pages(api), reading, liked, api.at_once)
        found += reader.read([_LIKED])
    check_size(sum(len(playlist.heard) for playlist in found), limits.max_tracks)
    return found


def _pages(api: WebApi) -> Callable[[ListedPlaylist], Ask]:
    return lambda playlist: lambda offset: api.playlist_items(playlist.id, offset)


def _liked_pages(api: WebApi) -> Callable[[ListedPlaylist], Ask]:
    return lambda _liked: api.my_saved_tracks
