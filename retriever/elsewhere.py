"""Profiles that are not sent but read elsewhere: at Spotify by a link or a login, at ListenBrainz by a name.

Reading takes seconds and somebody else's goodwill, so it has threads of its own (``routes.ask``). Nothing that is read
is kept here; what an unfinished reading leaves for the next one, the features room keeps for a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from features.errors import SpotifyLoginEnded, SpotifyLoginNeeded, SpotifyNotConfigured, SpotifyUnavailable
from features.profile import TasteProfile, UserId
from features.provenance import SPOTIFY_LOGIN
from features.spotify.compose import Spotify
from features.spotify.links import user_id_of
from features.spotify.login import Login
from features.spotify.reading import MOST_CHOSEN, ReadingLimits
from features.user_features import UserFeatures
from retriever.given_up import raise_if_given_up

_UPLOAD = "Upload your data export, or a playlist as a CSV from Exportify, to POST /v1/profiles."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question says that its profile is.

    Attributes:
        kind: of the place.
        name: the link, the name, or, of a login, nothing.
        playlists: read the first so many only; None for all.
    """

    kind: Literal["spotify_url", "spotify_login", "listenbrainz"]
    name: str = ""
    playlists: int | None = None


@dataclass(frozen=True)
class SpotifyDoor:
    """Spotify as this service uses it. Blocking; thread-safe.

    Attributes:
        reading: reads public profiles and libraries, and knows the access mode.
        login: of people; None where no app is set up.
        max_tracks: more rows than that are refused.
        is_https: whether browsers reach this server by https.
    """

    reading: Spotify
    login: Login | None
    max_tracks: int
    is_https: bool = False

    def logins(self) -> Login:
        """The logins. Raises SpotifyNotConfigured where there is no app to log in at."""
        if self.login is None:
            raise SpotifyNotConfigured("No app of Spotify's is set up on this server.", _UPLOAD)
        return self.login

    def public(self, link: str, playlists: int | None) -> TasteProfile:
        """The profile behind a link. Raises what ``SpotifyProfiles.read`` raises, and SpotifyLink."""
        return self.reading.profiles.read(user_id_of(link), self._limits(playlists), _while_wanted)

    def own(self, session: str, playlists: int | None) -> TasteProfile:
        """The library of who is logged in. Raises what ``SpotifyLibrary.read`` raises, and SpotifyLoginEnded."""
        login = self.logins()
        user_id = login.who(session)
        if user_id is None:
            raise SpotifyLoginNeeded("Nobody is logged in here.", "Log in: /v1/spotify/login")

        def token(refused: str | None) -> str:
            return login.tokens.access_token(user_id, refused=refused)

        try:
            return self.reading.library.read(token, self._limits(playlists), _while_wanted).profile
        except SpotifyLoginNeeded as error:
            if login.tokens.is_kept(user_id):  # as when the key for them is another one
                raise
            raise SpotifyLoginEnded(error.what, error.mend, user_id) from error

    def check_login(self, person: UserFeatures) -> None:
        """Who was read with a login joins with that login only. Raises SpotifyLoginNeeded, StoreError."""
        if self.login is None or person.source != SPOTIFY_LOGIN or self.login.tokens.is_kept(person.user_id):
            return
        raise SpotifyLoginNeeded("The login that this was read with is over.", "Log in again: /v1/spotify/login")

    def forget(self, user_id: UserId) -> None:
        """Keep nothing of a person: no token and no part of a reading. Raises StoreError."""
        if self.login is not None:
            self.login.disconnect_user(user_id)
        self.reading.profiles.forget(user_id)

    def check_logins(self) -> None:
        """Find out who took their login back at Spotify since it was last used; their tokens are gone then.

        Raises:
            SpotifyUnavailable: Spotify does not tell of somebody; all the others were asked about.
            SpotifyError: it tells of nobody. StoreError: the tokens cannot be read.
        """
        trouble: SpotifyUnavailable | None = None
        for user_id in [] if self.login is None else self.login.tokens.users():
            try:
                self.logins().tokens.access_token(user_id)
            except SpotifyLoginNeeded:
                continue  # one of those who ended it; or the key for the tokens is another one
            except SpotifyUnavailable as error:
                trouble = error
        if trouble is not None:
            raise trouble

    def ended(self) -> list[UserId]:
        """Those whose login is over, by what was seen of it, until they are forgotten here. Raises StoreError."""
        return [] if self.login is None else self.login.tokens.ended()

    def tidy(self) -> None:
        """Keep nothing that is over. Raises StoreError."""
        self.reading.profiles.wipe_expired()
        if self.login is not None:
            self.login.tidy(datetime.now(UTC))

    def _limits(self, playlists: int | None) -> ReadingLimits:
        fewer = playlists if playlists is not None and playlists <= MOST_CHOSEN else None
        return ReadingLimits(fewer, self.max_tracks)


def _while_wanted(_step: str, _done: int, _total: int) -> None:
    """End a reading that nobody waits for any more, so that what was read is there for the next. Raises Overloaded."""
    raise_if_given_up()


@dataclass(frozen=True)
class Elsewhere:
    """All places.

    Attributes:
        spotify: reads there, and lets people log in.
        listenbrainz: reads the profile of a name.
    """

    spotify: SpotifyDoor
    listenbrainz: Callable[[str], TasteProfile]

    def read(self, place: Place, session: str) -> TasteProfile:
        """The profile at a place; ``session`` is the browser's. Raises what that place raises."""
        if place.kind == "listenbrainz":
            return self.listenbrainz(place.name)
        if place.kind == "spotify_login":
            return self.spotify.own(session, place.playlists)
        return self.spotify.public(place.name, place.playlists)
