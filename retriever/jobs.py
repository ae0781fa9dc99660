"""Jobs that an operator starts over the API: one of our own programs at a time, beside the server and below it.

Which programs there are is said here and nowhere else; a request names one of three words and can add nothing to it.
"""

from __future__ import annotations

import logging
import secrets
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from features.console import EXIT_REJECTED
from retriever.errors import JobRunning
from retriever.repeating import Repeating
from retriever.side_process import follow_beside

JobKind = Literal["index", "train", "rollback"]
JobState = Literal["running", "done", "failed", "rejected"]

COMMANDS: Mapping[JobKind, Sequence[str]] = {
    "index": (sys.executable, "-m", "indexer"),
    "train": (sys.executable, "-m", "trainer", "train"),
    "rollback": (sys.executable, "-m", "indexer", "--rollback"),
}
LINES, KEPT = 50, 20
_LOOK_EVERY_S = 0.1

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A program that was started, and what it has said."""

    id: str
    kind: JobKind
    state: Annotated[
        JobState, Field(description="rejected: the training was done, and its model is worse than the live one.")
    ]
    started_at: datetime
    ended_at: datetime | None
    said: Annotated[tuple[str, ...], Field(description="The last 50 lines.")]


@dataclass(frozen=True)
class JobList:
    """The jobs since the server started, newest first."""

    jobs: tuple[Job, ...]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _Running:
    """A job on the way; ``seen`` is made of it."""

    kind: JobKind
    started_at: datetime
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    state: JobState = "running"
    ended_at: datetime | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))

    def seen(self) -> Job:
        return Job(self.id, self.kind, self.state, self.started_at, self.ended_at, tuple(self.said))


class Jobs(Repeating):
    """Carries out one job at a time, in its own thread; remembers the last 20. A job ends with the server."""

    def __init__(self, commands: Mapping[JobKind, Sequence[str]], clock: Callable[[], datetime] = _now) -> None:
        super().__init__("jobs", _LOOK_EVERY_S)
        self._commands, self._clock = commands, clock
        self._guard = threading.Lock()
        self._jobs: deque[_Running] = deque(maxlen=KEPT)

    def begin(self, kind: JobKind) -> Job:
        """Have a job done; it is as good as started. Raises JobRunning while another one is not over."""
        with self._guard:
            running = self._running()
            if running is not None:
                raise JobRunning(running.kind)
            self._jobs.appendleft(_Running(kind, self._clock()))
            return self._jobs[0].seen()

    def seen(self) -> JobList:
        """The jobs, newest first."""
        with self._guard:
            return JobList(tuple(job.seen() for job in self._jobs))

    def step(self) -> None:
        """Do what was asked for."""
        with self._guard:
            job = self._running()
        if job is None:
            return
        _log.info("the job %s begins", job.kind)
        state: JobState = "failed"
        try:
            code = follow_beside(self._commands[job.kind], self.stopping, lambda line: self._heard(job, line))
            state = _state_after(job.kind, code)
        finally:
            with self._guard:
                job.state, job.ended_at = state, self._clock()
            _log.log(logging.ERROR if state == "failed" else logging.INFO, "the job %s is over: %s", job.kind, state)

    def _running(self) -> _Running | None:
        return self._jobs[0] if self._jobs and self._jobs[0].state == "running" else None

    def _heard(self, job: _Running, line: str) -> None:
        with self._guard:
            job.said.append(line)


def _state_after(kind: JobKind, code: int | None) -> JobState:
    if code == 0:
        return "done"
    return "rejected" if kind == "train" and code == EXIT_REJECTED else "failed"
