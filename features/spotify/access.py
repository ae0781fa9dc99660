"""What Spotify lets this app read: asked, never assumed, since neither its age nor the settings tell.

``extended``: public profiles of anybody. ``dev``: only the library of people who log in. ``none``: nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Final, Literal

from features.errors import (
    SpotifyError,
    SpotifyForbidden,
    SpotifyLoginNeeded,
    SpotifyNotConfigured,
    SpotifyNotFound,
    SpotifySwitchedOff,
    SpotifyUnavailable,
)
from features.profile import UserId
from features.spotify.web_api import WebApi

Mode = Literal["extended", "dev", "none"]
SOMEBODY: Final = UserId("spotify")
"""An account that shows playlists for as long as there has been a Web API: Spotify's own."""
ASKED_AGAIN_S = 3600.0
FAILED_FOR_S = 10.0
"""How long it is not asked again after a failure: a Spotify that hangs holds up one thread, and not one after the other
of all that read elsewhere."""


@dataclass(frozen=True, slots=True)
class Access:
    """A mode and, in one sentence, how it is known."""

    mode: Mode
    why: str


def probe(api: WebApi) -> Access:
    """What the app may read, found out by one request.

    Raises:
        SpotifyUnavailable: Spotify cannot be reached or wants to be asked later; then nothing is known.
    """
    try:
        api.user_playlists(SOMEBODY, 0, limit=1)
    except SpotifyUnavailable:
        raise
    except (SpotifyNotConfigured, SpotifySwitchedOff, SpotifyLoginNeeded) as error:
        return Access("none", error.what)
    except (SpotifyForbidden, SpotifyNotFound):
        return Access(
            "dev", "Spotify lets this app, which is in development mode, read only the library of people who log in."
        )
    except SpotifyError as error:
        return Access("none", error.what)
    return Access("extended", "Spotify lets this app read public profiles.")


class KnownAccess:
    """The access mode, asked for when it is first wanted and once an hour from then on. Safe to share.

    One thread asks at a time, and what comes of it, good or bad, is told to all who waited. Where it failed before,
    they do not even wait.
    """

    def __init__(self, ask: Callable[[], Access], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._guard = threading.Lock()
        self._known: tuple[Access, float] | None = None
        self._failed: tuple[SpotifyUnavailable, float] | None = None

    def __call__(self, before_asking: Callable[[], object] = lambda: None) -> Access:
        """The mode.

        Args:
            before_asking: called just before it is asked for; may raise, where nobody waits for it any more.

        Raises:
            SpotifyUnavailable: it is not known; a call after some seconds asks again.
        """
        failed = self._failed
        if not self._guard.acquire(blocking=failed is None) and failed is not None:
            raise copy(failed[0])  # somebody is asking again
        try:
            if self._known is None or self._clock() - self._known[1] > ASKED_AGAIN_S:
                self._known = self._asked(before_asking), self._clock()
            return self._known[0]
        finally:
            self._guard.release()

    def _asked(self, before_asking: Callable[[], object]) -> Access:
        if self._failed is not None and self._clock() - self._failed[1] < FAILED_FOR_S:
            raise copy(self._failed[0])
        before_asking()
        try:
            access = self._ask()
        except SpotifyUnavailable as error:
            self._failed = copy(error), self._clock()  # without the frames that it came through
            raise
        self._failed = None
        return access

    def doubt(self) -> None:
        """Something was refused that the mode allows: ask again."""
        with self._guard:
            self._known = None
