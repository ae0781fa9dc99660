"""Something that is done again and again in a thread of its own, for as long as the application runs."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

_log = logging.getLogger(__name__)


class Repeating(ABC):
    """Does its :meth:`step` every ``every_s`` seconds until it is stopped; an error in one does not end the others.

    Attributes:
        stopping: set when it is to end, for steps that take long.
    """

    def __init__(self, name: str, every_s: float) -> None:
        self._name, self._every_s = name, every_s
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first step comes after ``every_s`` seconds."""
        self._thread.start()

    def stop(self, within_s: float | None = None) -> bool:
        """Wait for the step under way, at most ``within_s`` seconds; whether it is over."""
        self.stopping.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    @abstractmethod
    def step(self) -> None:
        """Do it once."""

    def failed(self, error: Exception) -> None:
        """A step has failed in a way that nobody thought of; called while ``error`` is being handled."""
        _log.exception("the %s failed: %s", self._name, type(error).__name__)

    def _run(self) -> None:
        while not self.stopping.wait(self._every_s):
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - the rim of this thread: a bug must not end it for good
                self.failed(error)
