"""Stores that can be made to fail or to hang, around real ones."""

from __future__ import annotations

import threading
from typing import Any

from features.errors import SoundalikeError, StoreError
from indexer.errors import IndexUnavailable


class Breakable:
    """A feature store, or a catalogue of artists, that can be made to fail; counts how often it was asked."""

    error: type[SoundalikeError] = StoreError

    def __init__(self, real: Any) -> None:
        self._real = real
        self.is_broken = False
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not callable(value):
            return value

        def ask(*args: Any, **more: Any) -> Any:
            self.asked += 1
            if self.is_broken and name != "close":
                raise self.error("The disk is gone.")
            return value(*args, **more)

        return ask


class Hanging(Breakable):
    """A store whose calls can be made to hang until it is released; ``held`` are those that had to wait."""

    def __init__(self, real: Any) -> None:
        super().__init__(real)
        self.held: list[str] = []
        self.released = threading.Event()
        self.released.set()

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        if not callable(value):
            return value

        def ask(*args: Any, **more: Any) -> Any:
            if not self.released.is_set():
                self.held.append(name)
                self.released.wait()
            return value(*args, **more)

        return ask


class BreakableIndex(Breakable):
    """A UserIndex that can be made to fail."""

    error = IndexUnavailable


class BreakableCatalog:
    """An IndexCatalog whose opened indexes, and whose opening, fail together."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._is_broken = False
        self._opened: list[BreakableIndex] = []
        self.openings = 0

    @property
    def is_broken(self) -> bool:
        return self._is_broken

    @is_broken.setter
    def is_broken(self, value: bool) -> None:
        self._is_broken = value
        for index in self._opened:
            index.is_broken = value

    def open(self, name: str) -> Any:
        self.openings += 1
        if self._is_broken:
            raise IndexUnavailable("The disk is gone.")
        index = BreakableIndex(self._real.open(name))
        self._opened.append(index)
        return index

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
