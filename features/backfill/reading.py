"""Reading one profile: waiting where Spotify asks for that, and telling its own troubles from those of all profiles.

Which profiles, and what becomes of them, lives in ``features.backfill.run``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from features.backfill.outcomes import Outcome
from features.errors import (
    EmptyProfile,
    InvalidProfile,
    SpotifyError,
    SpotifyForbidden,
    SpotifyLoginNeeded,
    SpotifyNotConfigured,
    SpotifyNotFound,
    SpotifyQuotaUsedUp,
    SpotifyRateLimited,
    SpotifySwitchedOff,
    SpotifyUnavailable,
)
from features.listener import Listener, listener_of
from features.profile import TasteProfile, UserId
from features.spotify.access import Access
from features.spotify.reading import OnStep, ReadingLimits, no_steps

OTHER_WAYS: Final = (
    "What works: people log in at the server; or python -m features import, of data exports, CSVs from Exportify and"
    " listenbrainz:NAME."
)
_TICK_S = 1.0
_Answer = TypeVar("_Answer")


class Profiles(Protocol):
    """Where public profiles are read: ``features.spotify.public``, which tells what may be raised."""

    def access(self) -> Access:
        """What may be read."""
        ...

    def read(self, user_id: UserId, limits: ReadingLimits | None = None, on_step: OnStep = no_steps) -> TasteProfile:
        """A profile."""
        ...


def tell_nobody(_seconds: int) -> None:
    """Count down in silence."""


@dataclass(frozen=True)
class Waits:
    """How long Spotify is waited for, for one profile.

    Attributes:
        at_most_s: seconds, all in all.
        on_wait: told every second how many are left.
        sleep: waits so many seconds.
    """

    at_most_s: float
    on_wait: Callable[[int], None] = tell_nobody
    sleep: Callable[[float], None] = field(default=time.sleep)

    def through(self, question: Callable[[], _Answer]) -> _Answer:
        """The answer, asked for again after as long as Spotify wants.

        Raises:
            SpotifyRateLimited: that would take longer than it may, or the quota is used up.
        """
        patience_s = self.at_most_s
        while True:
            try:
                return question()
            except SpotifyRateLimited as refused:
                seconds = refused.retry_after_s
                if isinstance(refused, SpotifyQuotaUsedUp) or seconds > patience_s:
                    raise
            patience_s -= seconds
            self._wait(seconds)

    def _wait(self, seconds: int) -> None:
        for left in range(seconds, 0, -1):
            self.on_wait(left)
            self.sleep(_TICK_S)


@dataclass(frozen=True)
class Reader:
    """Reads profiles, one at a time.

    Attributes:
        profiles: where they are.
        waits: how long each may be waited for.
        limits: how much of each is read.
        on_step: told how far it is.
    """

    profiles: Profiles
    waits: Waits
    limits: ReadingLimits
    on_step: OnStep = no_steps

    def check_access(self) -> None:
        """Raise SpotifyForbidden or SpotifyNotConfigured, with what works, where no public profile can be read."""
        access = self.waits.through(self.profiles.access)
        if access.mode == "dev":
            raise SpotifyForbidden(f"Public profiles cannot be read: {access.why}", OTHER_WAYS)
        if access.mode == "none":
            raise SpotifyNotConfigured(f"Spotify cannot be read: {access.why}", OTHER_WAYS)

    def read(self, user_id: UserId) -> Listener | Outcome:
        """A person's listening, or what is the matter with their profile.

        Raises:
            SpotifyRateLimited: Spotify wants to be left alone for longer than may be waited.
            SpotifyUnavailable: it does not answer for the moment.
            SpotifyError: nobody's profile can be read, any more.
            StoreError: what was read cannot be kept.
        """
        try:
            return listener_of(self.waits.through(lambda: self.profiles.read(user_id, self.limits, self.on_step)))
        except SpotifyNotFound:
            return Outcome.UNKNOWN
        except EmptyProfile:
            return Outcome.NOTHING_PUBLIC
        except InvalidProfile:  # too large
            return Outcome.REFUSED
        except (SpotifyUnavailable, SpotifySwitchedOff, SpotifyNotConfigured, SpotifyLoginNeeded):
            raise
        except SpotifyForbidden:
            self.check_access()  # all of them, by now?
            return Outcome.REFUSED
        except SpotifyError:
            return Outcome.FAILED
