"""Two queues to be encoded in, so that who brings very much does not keep those waiting who bring little."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from features.listener import Listener
from features.user_features import UserFeatures
from retriever.encoding import EncodingQueue
from retriever.remaining import time_left

MUCH = 2_000
"""Artists in a request, which take some seconds where nobody has had them before."""


class Lanes:
    """Sends each request to one of two queues by its size."""

    def __init__(self, little: EncodingQueue, much: EncodingQueue) -> None:
        self._little, self._much = little, much

    @property
    def depth(self) -> int:
        """Requests that wait."""
        return self._little.depth + self._much.depth

    def start(self) -> None:
        """Begin to encode."""
        self._little.start()
        self._much.start()

    def stop(self, within_s: float | None = None) -> bool:
        """Encode what waits and end, within ``within_s`` seconds; whether both queues did."""
        left = time_left(within_s)
        ended = self._little.stop(left())
        return self._much.stop(left()) and ended

    def submit(self, listeners: Sequence[Listener]) -> Future[list[UserFeatures]]:
        """The features of ``listeners``, some time later. Raises Overloaded: too many wait in that queue."""
        lane = self._much if _artists(listeners) > MUCH else self._little
        return lane.submit(listeners)


def _artists(listeners: Sequence[Listener]) -> int:
    return sum(len(playlist.artists) for listener in listeners for playlist in listener.listening.playlists)
