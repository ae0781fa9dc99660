"""SpotifyProfiles: a person's public playlists, as one TasteProfile, where the app's access mode allows it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from features.errors import EmptyProfile, SpotifyForbidden, SpotifyNotConfigured, SpotifyNotFound
from features.profile import MAX_PLAYLISTS, TasteProfile, UserId
from features.spotify.access import Access, KnownAccess
from features.spotify.artists import ArtistGenres
from features.spotify.assemble import artist_ids, profile_of
from features.spotify.kept import UnfinishedReadings
from features.spotify.paging import in_turn
from features.spotify.reading import OnStep, PlaylistReader, ReadingLimits, no_steps
from features.spotify.shapes import ListedPlaylist, display_name_in, listed_playlists, user_id_in
from features.spotify.trouble import OTHER_WAYS
from features.spotify.web_api import PAGE, WebApi

SOURCE = "spotify-api"


class SpotifyProfiles:
    """Reads public profiles. Safe to share between threads: every reading has a patience of its own."""

    def __init__(
        self,
        new_api: Callable[[], WebApi],
        access: KnownAccess,
        genres: ArtistGenres,
        readings: UnfinishedReadings,
    ) -> None:
        self._new_api = new_api
        self._access = access
        self._genres = genres
        self._readings = readings

    def access(self) -> Access:
        """What may be read. Raises SpotifyUnavailable while that is not known."""
        return self._access()

    def read(self, user_id: UserId, limits: ReadingLimits | None = None, on_step: OnStep = no_steps) -> TasteProfile:
        """The public playlists that somebody shows, own and followed, with artists, titles, years and genres.

        A reading that ends early goes on where it stopped when it is called again within a day.

        Raises:
            SpotifyNotConfigured: nothing may be read here.
            SpotifyForbidden: the app may not read public profiles.
            SpotifyNotFound: there is no such person.
            EmptyProfile: they show no playlist that holds a track.
            ProfileTooLarge: it holds more than ``limits`` allow.
            SpotifyRateLimited: Spotify wants to be asked later.
            SpotifyUnavailable: it does not answer for the moment.
            StoreError: what was read cannot be kept.
        """
        limits = limits or ReadingLimits()
        self._check_access(on_step)
        try:
            return self._read(self._new_api(), user_id, limits, on_step)
        except SpotifyForbidden:
            self._access.doubt()
            raise

    def forget(self, user_id: UserId) -> None:
        """Keep nothing of an unfinished reading. Raises StoreError."""
        self._readings.forget(user_id)

    def wipe_expired(self) -> None:
        """Keep nothing that is too old; to be called now and then. Raises StoreError."""
        self._readings.wipe_expired()
        self._genres.wipe_expired()

    def _check_access(self, on_step: OnStep) -> None:
        access = self._access(lambda: on_step("access", 0, 1))
        if access.mode == "none":
            raise SpotifyNotConfigured(access.why, "Upload your data export, or a playlist as a CSV from Exportify.")
        if access.mode == "dev":
            raise SpotifyForbidden(f"Public profiles cannot be read: {access.why}", OTHER_WAYS)

    def _read(self, api: WebApi, user_id: UserId, limits: ReadingLimits, on_step: OnStep) -> TasteProfile:
        on_step("profile", 0, 1)
        try:
            user = api.user(user_id)
        except SpotifyNotFound:
            raise SpotifyNotFound("Spotify knows no profile of this link.", "Check the link to the profile.") from None
        user_id = user_id_in(user) or user_id  # as Spotify spells it
        listed = self._listed(api, user_id, limits)
        on_step("profile", 1, 1)
        with self._readings.reading(user_id) as reading:
            reader = PlaylistReader(
                lambda playlist: lambda offset: api.playlist_items(playlist.id, offset),
                reading,
                limits,
                api.at_once,
                on_step,
            )
            playlists = reader.read(listed)
            if not playlists:
                raise _nothing_to_read()
            genres = self._genres.of(api, artist_ids(playlists), lambda done, total: on_step("artists", done, total))
        return profile_of(user_id, display_name_in(user), SOURCE, playlists, genres=genres)

    def _listed(self, api: WebApi, user_id: UserId, limits: ReadingLimits) -> list[ListedPlaylist]:
        rows = in_turn(lambda offset: api.user_playlists(user_id, offset), size=PAGE, most=MAX_PLAYLISTS)
        holding = (playlist for playlist in listed_playlists(rows) if playlist.total != 0)
        # The rest of their page is at hand already, for those of the first ones that cannot be read.
        return list(islice(holding, None if limits.playlists is None else PAGE))


def _nothing_to_read() -> EmptyProfile:
    return EmptyProfile(
        "This profile shows no public playlist that holds a track.",
        "On Spotify, make a playlist public (…, Add to profile), or upload your data export.",
    )
