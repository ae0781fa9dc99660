"""Bulk upload: some batches under way at once and no more in memory, each tried again while the server is away."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from qdrant_client import models
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_random_exponential

from indexer.qdrant.line import Line
from indexer.qdrant.trouble import Passing

_DOING = "The people cannot be uploaded"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 10.0


class Upload:
    """Writes points some time after they are given; what goes wrong is raised by the next call."""

    def __init__(self, line: Line, collection: str) -> None:
        self._line, self._collection = line, collection
        self._places = threading.BoundedSemaphore(line.settings.qdrant_upload_streams)
        self._guard = threading.Lock()
        self._under_way: set[Future[None]] = set()
        self._trouble: BaseException | None = None

    def put(self, points: Sequence[models.PointStruct], *, anew: bool = False) -> None:
        """Write ``points`` once there is a place for them; who is there already is replaced only with ``anew``.

        Otherwise a batch that was given up for lost could come late, over what was written after it.

        Raises:
            IndexUnavailable: some batch could not be written, this one or another.
        """
        mode = models.UpdateMode.UPSERT if anew else models.UpdateMode.INSERT_ONLY
        size = self._line.settings.qdrant_upload_batch
        for start in range(0, len(points), size):
            self._places.acquire()
            try:
                self._raise()
                sent = self._line.start(self._send(points[start : start + size], mode))
            except BaseException:
                self._places.release()
                raise
            with self._guard:
                self._under_way.add(sent)
            sent.add_done_callback(self._done)

    def drain(self) -> None:
        """Wait until all is written. Raises IndexUnavailable."""
        while True:
            with self._guard:
                sent = next(iter(self._under_way), None)
            if sent is None:
                break
            sent.exception()  # waits; a batch ends at the latest when its patience does
        self._raise()

    async def _send(self, points: Sequence[models.PointStruct], mode: models.UpdateMode) -> None:
        settings = self._line.settings
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Passing),
            wait=_wait,
            stop=stop_after_delay(settings.qdrant_upload_patience_s),
            reraise=True,
        )
        await retrying(
            self._line.writing,
            _DOING,
            lambda client: client.upsert(self._collection, points, wait=True, update_mode=mode),
            within_s=settings.qdrant_admin_timeout_s,
        )

    def _done(self, sent: Future[None]) -> None:
        trouble = None if sent.cancelled() else sent.exception()
        with self._guard:
            self._under_way.discard(sent)
            self._trouble = self._trouble or trouble
        self._places.release()

    def _raise(self) -> None:
        if self._trouble is not None:
            raise self._trouble


_growing = wait_random_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S)


def _wait(state: RetryCallState) -> float:
    """As long as the server asks for, else longer each time, jittered so that streams do not come back together."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, Passing) else None
    return _growing(state) if asked is None else asked
