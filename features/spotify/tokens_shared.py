"""Work that is wanted in several threads and processes at the same time, and is to be done once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

from features.errors import StoreError
from features.files import locked
from features.spotify.tokens_file import digest

_LOCKS = 16
"""Lock files; a few for everybody, as one a person would tell who was here."""


class Shared:
    """Who comes while something is under way in this process waits for its outcome, good or bad.

    Processes take turns: Spotify may take a refresh token only once.
    """

    def __init__(self, path: Path) -> None:
        """Lock files stand beside ``path``."""
        self._path = path
        self._guard = threading.Lock()
        self._under_way: dict[str, Future[str]] = {}

    def do(self, key: str, work: Callable[[], str]) -> str:
        """What ``work`` answers, or raises, here or in the thread that began it under the same ``key``.

        Raises:
            StoreError: a lock file cannot be made.
        """
        with self._guard:
            outcome = self._under_way.get(key)
            is_ours = outcome is None
            if outcome is None:
                outcome = self._under_way[key] = Future()
        if is_ours:
            try:
                with self._turn(key):
                    outcome.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised below, to all who wait
                outcome.set_exception(error)
            finally:
                with self._guard:
                    del self._under_way[key]
        return outcome.result()

    @contextmanager
    def _turn(self, key: str) -> Iterator[None]:
        path = self._path.with_name(f"{self._path.stem}-{digest(key)[0] % _LOCKS}.lock")
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(path))
            except OSError as error:
                raise StoreError(f"{path} cannot be locked: {error.strerror}.", "Check the folder's rights.") from error
            yield
