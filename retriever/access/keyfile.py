"""The file of API keys: read, changed by one at a time, and followed by a server while it runs."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from features.files import locked
from indexer.files import private_folder, sync_folder
from retriever.access.keys import KeyRing
from retriever.errors import KeyFileError

FILE_NAME = "keys.json"

_log = logging.getLogger(__name__)
_Stamp = tuple[int, int, int]


def write_privately(path: Path, content: bytes) -> None:
    """Replace a file at once; unlike other files it is nobody else's to read for a single moment. Raises OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a handle
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def unusable(path: Path, error: OSError) -> KeyFileError:
    """What is said of a file that the system refuses."""
    return KeyFileError(f"{path} cannot be used: {error.strerror}.", "Check its rights and the disk.")


class KeyFile:
    """The keys in ``<home>/keys.json``, which only its owner may read. No file is no keys."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME

    def read(self) -> KeyRing:
        """The keys in it.

        Raises:
            KeyFileError: it cannot be read, is not what it should be, or others than its owner may write to it.
        """
        try:
            content = self.path.read_bytes()
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            return KeyRing()
        except OSError as error:
            raise unusable(self.path, error) from error
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise KeyFileError(f"Others may write to {self.path}, and so let themselves in.", "chmod 600 it.")
        try:
            return KeyRing.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise KeyFileError(
                f"{self.path} is not a file of API keys ({where or 'JSON'}: {first['msg']}).",
                "Mend it, or move it away and make new keys with: python -m retriever keys add NAME.",
            ) from None

    def change(self, change: Callable[[KeyRing], KeyRing]) -> None:
        """Write what ``change`` makes of the keys; whoever changes it at the same time waits.

        Raises:
            KeyFileError: it cannot be read or written. And what ``change`` raises; the file then stays as it was.
        """
        try:
            private_folder(self.path.parent)
            with locked(self.path.with_name(f".{FILE_NAME}.lock")):
                write_privately(self.path, change(self.read()).model_dump_json(indent=2).encode())
        except OSError as error:
            raise unusable(self.path, error) from error

    def stamp(self) -> _Stamp | None:
        """Changes whenever the file does; None where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class FollowedKeys:
    """The keys as they are now: a change of the file is seen by the next request, at the price of one ``stat``."""

    def __init__(self, file: KeyFile) -> None:
        """Read the file. Raises KeyFileError."""
        self._file = file
        self._stamp = file.stamp()
        self._ring = file.read()

    def ring(self) -> KeyRing:
        """The keys; those from before where the file cannot be read any more, which is logged."""
        stamp = self._file.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._ring = self._file.read()
                _log.info("API keys read again", extra={"keys": len(self._ring.keys)})
            except KeyFileError as error:
                _log.error("the API keys from before stay: %s", error)
        return self._ring
