"""The background thread that knows what Spotify lets this server read, and keeps nothing of logins that are over."""

from __future__ import annotations

import logging

from features.errors import SoundalikeError, StoreError
from retriever.answers_status import SpotifyStatus
from retriever.elsewhere import SpotifyDoor
from retriever.repeating import Repeating

_log = logging.getLogger(__name__)
_EVERY_S = 60.0


class SpotifyWatch(Repeating):
    """Asks for the access mode when the server has started, and once an hour from then on.

    Attributes:
        status: what may be read, as of the last time that it was asked.
    """

    def __init__(self, door: SpotifyDoor, every_s: float = _EVERY_S) -> None:
        super().__init__("spotify", every_s)
        self._door = door
        self.status = SpotifyStatus("none", "Spotify was not asked yet.", door.login is not None)

    def step(self) -> None:
        """Look, and tidy up."""
        found = self._found()
        if found != self.status:
            _log.info("Spotify, access mode %s: %s", found.mode, found.why)
            self.status = found
        try:
            self._door.tidy()
        except StoreError as error:
            _log.error("what is over of Spotify cannot be forgotten: %s", error)

    def _found(self) -> SpotifyStatus:
        can_log_in = self._door.login is not None
        try:
            access = self._door.reading.access()
        except SoundalikeError as error:
            return SpotifyStatus("none", str(error), can_log_in)
        return SpotifyStatus(access.mode, access.why, can_log_in)
