"""Reading ZIP files that strangers made: in memory, member by member, with every limit counted on bytes really read.

Nothing is ever extracted, so a member's path can do no harm. What the members mean is not known here.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from features.errors import ProfileTooLarge, UnreadableSource
from features.sources.limits import MAX_PART_BYTES, SourceLimits
from features.sources.opening import OpenFile, too_large

_MAX_MEMBERS = 10_000
_MAX_READ_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
# Listening history packs some 20 : 1; deflate can be driven to 1000 : 1. Small files may be as repetitive as they like.
_MAX_RATIO = 200
_FREE_BYTES = 16 * 1024 * 1024
_ENCRYPTED = 0x1
# LZMA lets a file choose how much memory its reader needs, and no exporter uses it.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError,
    ValueError, RuntimeError, OverflowError, IndexError,
)  # fmt: skip


class _FrugalStream:
    """A stream that refuses huge single reads: ``zipfile`` reads a directory of whatever size the file claims."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._name = name
        self._stream = stream
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_READ_BYTES:
            raise ProfileTooLarge(f"{self._name} lists far too many members.", "Give the ZIP as Spotify sent it.")
        return self._stream.read(size)


class Archive:
    """A ZIP file and how much of it may still be unpacked."""

    def __init__(self, file: OpenFile, limits: SourceLimits) -> None:
        self.name = file.name
        self._packed_bytes = file.stream.seek(0, 2)
        self._unpacked_bytes = 0
        self._max_unpacked_bytes = limits.max_unpacked_bytes
        with self._readable():
            self._zip = zipfile.ZipFile(cast("IO[bytes]", _FrugalStream(file.stream, file.name)))
        if len(self._zip.filelist) > _MAX_MEMBERS:
            raise ProfileTooLarge(f"{self.name} holds more than {_MAX_MEMBERS:,} files.", "Zip only the export.")

    def find(self, pattern: re.Pattern[str]) -> list[zipfile.ZipInfo]:
        """Members whose file name, in whatever folder, matches; the same file in two folders comes once."""
        found: dict[tuple[str, int, int], zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            name = basename(member)
            is_junk = name.startswith("._") or "__MACOSX" in member.filename
            if not is_junk and pattern.fullmatch(name):
                found.setdefault((name.casefold(), member.CRC, member.file_size), member)
        return sorted(found.values(), key=lambda member: member.filename)

    def read(self, member: zipfile.ZipInfo) -> bytes:
        """The member's content.

        Raises:
            UnreadableSource: it is encrypted, broken or packed in an unusual way.
            ProfileTooLarge: it unpacks to more than it may.
        """
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableSource(f"{self.name} is locked with a password.", "Unpack it and zip it without one.")
        if member.compress_type not in _METHODS:
            raise UnreadableSource(f"{self.name} is packed in an unusual way.", "Unpack it and zip it again.")
        parts: list[bytes] = []
        size = 0
        with self._readable(), self._zip.open(member) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                size += len(chunk)
                self._count(len(chunk), member_size=size)
                parts.append(chunk)
        return b"".join(parts)

    def _count(self, size: int, *, member_size: int) -> None:
        self._unpacked_bytes += size
        if member_size > MAX_PART_BYTES:
            raise too_large(f"A file in {self.name}", MAX_PART_BYTES)
        if self._unpacked_bytes > self._max_unpacked_bytes:
            raise too_large(f"{self.name}, unpacked,", self._max_unpacked_bytes)
        if self._unpacked_bytes > max(_FREE_BYTES, _MAX_RATIO * self._packed_bytes):
            raise UnreadableSource(f"{self.name} unpacks to far more than an export does.", "Download it again.")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise UnreadableSource(f"{self.name} is a broken ZIP file.", "Download it again.") from error


def basename(member: zipfile.ZipInfo) -> str:
    """A member's file name without its folders, whichever slash they were written with."""
    return member.filename.replace("\\", "/").rpartition("/")[2]
