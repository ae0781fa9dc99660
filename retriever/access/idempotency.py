"""Writes that are safe to repeat: the same Idempotency-Key and request give the same answer, and the work is done once.

the same request again      the same answer, marked Idempotency-Replayed
another request             422
while the first one runs    409
after it failed             as if it had never come
after a restart             carried out again; ``user_id_for`` sees to it that it is the same person
after a deletion            carried out again, but for what took the deleted person in: 410
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import anyio
import anyio.to_thread
from starlette.responses import Response

from features.identity import point_id
from features.profile import UserId
from retriever.access.kept import Kept, KeptAnswers
from retriever.access.ledger import Ledger
from retriever.access.request_key import RequestKey
from retriever.errors import AnswerGone, KeyReused, StillRunning


@dataclass(frozen=True, slots=True)
class Done:
    """What a request came to: its answer, and the people that it took in."""

    response: Response
    people: tuple[UserId, ...] = ()


Work = Callable[[], Awaitable[Done]]


def _now() -> datetime:
    return datetime.now(UTC)


class Idempotent:
    """Carries out requests; ``run`` belongs to one event loop, ``forget`` to any thread."""

    def __init__(self, home: Path, *, ttl: timedelta, max_bytes: int, clock: Callable[[], datetime] = _now) -> None:
        """Open the ledger in ``home``; answers take up to ``max_bytes`` of memory. Raises StoreError."""
        self._ledger = Ledger(home, ttl, clock)
        self._kept = KeptAnswers(max_bytes, ttl, clock)
        self._clock = clock
        self._guard = threading.Lock()
        self._running: dict[bytes, bytes] = {}
        self._gone: set[UUID] = set()

    async def run(self, key: RequestKey | None, request: bytes, work: Work) -> Response:
        """The answer to ``request``, by its fingerprint: of ``work``, or the one that was given before.

        Raises:
            KeyReused: the key stands for another request. StillRunning: it is being worked on.
            AnswerGone: it took somebody in who was deleted since.
            StoreError: the ledger cannot be written. And what ``work`` raises; it then may be tried again.
        """
        if key is None:
            return (await work()).response
        digest = key.digest
        kept, running = self._kept.get(digest), self._running.get(digest)
        known = running or (kept and kept.request)
        if known is not None and known != request:
            raise KeyReused
        if running is not None:
            raise StillRunning
        if kept is not None:
            return kept.again()
        with self._guard:
            self._running[digest] = request
        try:
            return await self._first(digest, request, work)
        finally:
            with self._guard:
                del self._running[digest]
                if not self._running:
                    self._gone.clear()

    def forget(self, points: Collection[UUID]) -> None:
        """Keep nothing that was answered, and do not let what took somebody in be carried out again. Blocking.

        Args:
            points: ``features.identity.point_id`` of those who were deleted.

        Raises:
            StoreError: the ledger cannot be written.
        """
        with self._guard:
            if self._running:
                self._gone.update(points)
        self._kept.clear()
        self._ledger.forget(points)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    async def _first(self, digest: bytes, request: bytes, work: Work) -> Response:
        entry = await anyio.to_thread.run_sync(self._ledger.begin, digest, request)
        if entry.request != request:
            raise KeyReused
        if entry.is_gone:
            raise AnswerGone
        is_done = False
        try:
            done = await work()
            is_done = done.response.status_code < 400
        finally:
            if entry.is_new and not is_done:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(self._ledger.drop, digest)
        if is_done:
            await self._remember(digest, request, done)
        return done.response

    async def _remember(self, digest: bytes, request: bytes, done: Done) -> None:
        await anyio.to_thread.run_sync(self._ledger.finish, digest, done.people)
        with self._guard:
            gone = self._gone.intersection(map(point_id, done.people))
            if not self._gone or not done.response.body:  # that somebody was deleted tells nothing of anybody
                self._kept.put(digest, Kept.of(done.response, request, self._clock()))
        if gone:  # while they came in, and maybe before the ledger knew that they did
            await anyio.to_thread.run_sync(self._ledger.forget, gone)
