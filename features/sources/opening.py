"""Opening files and uploads: size checked, gzip unpacked, operating system's errors put into words. No formats here."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, BinaryIO, cast

from features.errors import ProfileTooLarge, UnreadableSource
from features.sources.limits import MAX_PART_BYTES, SourceLimits
from features.sources.names import shown

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A seekable stream of bytes, its name for messages, and how many bytes may be read from it."""

    stream: IO[bytes]
    name: str
    max_bytes: int

    def head(self, size: int = 4096) -> bytes:
        """The first bytes; the stream is at its start afterwards."""
        self.stream.seek(0)
        start = self.stream.read(size)
        self.stream.seek(0)
        return start

    def read_all(self) -> bytes:
        """The whole content, of a file that has to be held in memory.

        Raises:
            ProfileTooLarge: it is more than may be held.
        """
        most = min(self.max_bytes, MAX_PART_BYTES)
        content = self.stream.read(most + 1)
        if len(content) > most:
            raise too_large(self.name, most)
        return content


def too_large(name: str, max_bytes: int) -> ProfileTooLarge:
    """The error for a file, or its unpacked content, of too many bytes."""
    return ProfileTooLarge(
        f"{name} holds more than {max_bytes / 1e6:,.0f} MB.",
        "Split it, or raise SOUNDALIKE_MAX_UPLOAD_MB and SOUNDALIKE_MAX_UNPACKED_MB.",
    )


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Whatever the operating system or a decompressor has to say becomes an UnreadableSource."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableSource(
            f"{name} cannot be read: {reason}.", "Check that it is there, readable and complete."
        ) from error


@contextmanager
def opened(path: Path, limits: SourceLimits) -> Iterator[OpenFile]:
    """A file on disk.

    Raises:
        UnreadableSource: it is missing, a folder, or may not be read.
        ProfileTooLarge: it is larger than ``limits.max_file_bytes``.
    """
    name = shown(path.name)
    with reading(name):
        if path.exists() and not path.is_file():
            raise UnreadableSource(f"{name} is not a file.", "Name a .jsonl, .jsonl.gz, .zip or .csv file.")
        with path.open("rb") as stream:
            yield _checked(stream, name, limits)


def uploaded(data: bytes | BinaryIO, filename: str, limits: SourceLimits) -> OpenFile:
    """An upload; a stream has to be seekable and stays the caller's to close.

    Raises:
        ProfileTooLarge: it is larger than ``limits.max_file_bytes``.
    """
    return _checked(io.BytesIO(data) if isinstance(data, bytes) else data, shown(filename), limits)


def unpacked(file: OpenFile, limits: SourceLimits) -> OpenFile:
    """The file itself, or what its gzip holds."""
    if not file.head().startswith(_GZIP_MAGIC):
        return file
    stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file.stream, mode="rb"))
    return replace(file, stream=stream, max_bytes=limits.max_unpacked_bytes)


def _checked(stream: BinaryIO, name: str, limits: SourceLimits) -> OpenFile:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if size > limits.max_file_bytes:
        raise too_large(name, limits.max_file_bytes)
    return OpenFile(stream, name, limits.max_file_bytes)
