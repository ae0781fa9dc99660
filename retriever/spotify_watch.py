"""The background thread that knows what Spotify lets this server read, and keeps nothing of logins that are over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from features.errors import FeaturesError, SoundalikeError
from features.profile import UserId
from retriever.answers_status import SpotifyStatus
from retriever.elsewhere import SpotifyDoor
from retriever.repeating import Repeating

_log = logging.getLogger(__name__)
_EVERY_S, _LOGINS_EVERY_S = 60.0, 86_400.0


class SpotifyWatch(Repeating):
    """Asks for the access mode when the server has started, and once an hour from then on.

    Once a day it is asked of every login whether it was taken back at Spotify: people need not come here to end it. Who
    did so is told of with every look, until nothing is kept of them.

    Attributes:
        status: what may be read, as of the last time that it was asked.
    """

    def __init__(
        self, door: SpotifyDoor, every_s: float = _EVERY_S, *, on_ended: Callable[[UserId], object] = lambda _user: None
    ) -> None:
        """``on_ended``: told whose login was taken back; may raise SoundalikeError."""
        super().__init__("spotify", every_s)
        self._door, self._on_ended = door, on_ended
        self._logins_not_before = 0.0
        self.status = SpotifyStatus("none", "Spotify was not asked yet.", door.login is not None)

    def step(self) -> None:
        """Look, and tidy up."""
        found = self._found()
        if found != self.status:
            _log.info("Spotify, access mode %s: %s", found.mode, found.why)
            self.status = found
        for step in (self._door.tidy, self._check_logins, self._forget_ended):
            _try(step)

    def _check_logins(self) -> None:
        if time.monotonic() < self._logins_not_before:
            return
        self._door.check_logins()
        self._logins_not_before = time.monotonic() + _LOGINS_EVERY_S

    def _forget_ended(self) -> None:
        for user_id in self._door.ended():
            _try(partial(self._on_ended, user_id))  # who cannot be deleted now keeps nobody else

    def _found(self) -> SpotifyStatus:
        can_log_in = self._door.login is not None
        try:
            access = self._door.reading.access()
        except FeaturesError as error:
            return SpotifyStatus("none", str(error), can_log_in)
        return SpotifyStatus(access.mode, access.why, can_log_in)


def _try(step: Callable[[], object]) -> None:
    try:
        step()
    except SoundalikeError as error:
        _log.error("what is over of Spotify cannot be forgotten: %s", error)
