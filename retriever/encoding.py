"""Encoding of new profiles, off the event loop: what comes while a batch is encoded makes up the next one.

So one profile alone waits for nobody, and many at once share one run of the text model.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from features.errors import SoundalikeError
from features.listener import Listener
from features.user_features import UserFeatures
from retriever.errors import Overloaded
from retriever.remaining import time_left

Build = Callable[[Sequence[Listener]], list[UserFeatures]]
OnBatch = Callable[[int, float], None]
"""Told how many people were encoded together, and the seconds it took."""


@dataclass
class _Job:
    listeners: Sequence[Listener]
    done: Future[list[UserFeatures]] = field(default_factory=Future)


class EncodingQueue:
    """One thread that makes features of everybody who waits."""

    def __init__(
        self, build: Build, *, most_waiting: int, batch: int, on_batch: OnBatch = lambda _people, _seconds: None
    ) -> None:
        """Nothing is encoded before :meth:`start`.

        Args:
            build: makes features of many listeners at once.
            most_waiting: requests that may wait; more are refused.
            batch: people that are encoded together at most, unless one request brings more.
            on_batch: told of each batch.
        """
        self._build, self._batch, self._on_batch = build, batch, on_batch
        self._waiting: queue.Queue[_Job | None] = queue.Queue(most_waiting)
        self._thread = threading.Thread(target=self._run, name="encoding", daemon=True)

    @property
    def depth(self) -> int:
        """Requests that wait."""
        return self._waiting.qsize()

    def start(self) -> None:
        """Begin to encode."""
        self._thread.start()

    def stop(self, within_s: float | None = None) -> bool:
        """Encode what waits and end, within ``within_s`` seconds; whether it did."""
        left = time_left(within_s)
        try:
            self._waiting.put(None, timeout=left())
        except queue.Full:
            return False
        self._thread.join(left())
        return not self._thread.is_alive()

    def submit(self, listeners: Sequence[Listener]) -> Future[list[UserFeatures]]:
        """The features of ``listeners``, some time later; a request that is cancelled meanwhile is left out.

        Raises:
            Overloaded: too many wait. Through the future: what ``build`` raises.
        """
        job = _Job(listeners)
        try:
            self._waiting.put_nowait(job)
        except queue.Full:
            raise Overloaded("Too many new profiles wait to be encoded.") from None
        return job.done

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs, last = self._gather(first)
            self._encode([job for job in jobs if job.done.set_running_or_notify_cancel()])
            if last:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """What can be encoded together with ``first``, and whether nothing is to come any more."""
        jobs, people = [first], len(first.listeners)
        while people < self._batch:
            try:
                job = self._waiting.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            people += len(job.listeners)
        return jobs, False

    def _encode(self, jobs: list[_Job]) -> None:
        listeners = [listener for job in jobs for listener in job.listeners]
        started = time.perf_counter()
        try:
            people = iter(self._build(listeners))
        except Exception as error:  # noqa: BLE001 - the rim of this thread: whatever it is belongs to who asked
            # One profile that breaks the batch must not fail its neighbours; a store that is down fails all alike.
            if len(jobs) > 1 and not isinstance(error, SoundalikeError):
                for job in jobs:
                    self._encode([job])
                return
            for job in jobs:
                job.done.set_exception(error)
            return
        self._on_batch(len(listeners), time.perf_counter() - started)
        for job in jobs:
            job.done.set_result([next(people) for _ in job.listeners])
