"""Bulk upload: some batches under way at once and no more in memory, each tried again while the server is away.

A batch that was given up for lost may come late: from this builder, or from one that died and where this one goes on.
So builders are numbered, each point says which one wrote it, and an upload replaces only what earlier builders wrote.
What a builder writes when it catches up bears its number too; what servers write bears none, and is newer than any.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from qdrant_client import models
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_random_exponential

from indexer.qdrant.line import Line
from indexer.qdrant.trouble import Passing
from indexer.qdrant.written_by import by_builder, written_before

_DOING = "The people cannot be uploaded"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 10.0


class Upload:
    """Writes points some time after they are given; what goes wrong is raised by the next call."""

    def __init__(self, line: Line, collection: str, builder: int) -> None:
        """``builder``: a number above those of all who uploaded to this collection before."""
        self._line, self._collection, self._builder = line, collection, builder
        self._replaced = written_before(builder)
        self._places = threading.BoundedSemaphore(line.settings.qdrant_upload_streams)
        self._guard = threading.Lock()
        self._under_way: set[Future[None]] = set()
        self._trouble: BaseException | None = None

    def put(self, points: Sequence[models.PointStruct]) -> None:
        """Write ``points`` once there is a place for them, but over nobody whom no earlier builder has written.

        Raises:
            IndexUnavailable: some batch could not be written, this one or another.
        """
        points = by_builder(self._builder, points)
        size = self._line.settings.qdrant_upload_batch
        for start in range(0, len(points), size):
            self._places.acquire()
            try:
                self._raise()
                sent = self._line.start(self._send(points[start : start + size]))
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

    async def _send(self, points: Sequence[models.PointStruct]) -> None:
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
            lambda client: client.upsert(self._collection, points, wait=True, update_filter=self._replaced),
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
