"""Writing what was made up: whole files or none, and the same bytes for the same content."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from features.errors import FeaturesError
from features.profile import TasteProfile

_COMPRESSION = 5


class UnwritableFile(FeaturesError):
    """A file cannot be written."""

    code, title = "unwritable-file", "The file cannot be written"


def write_profiles(path: Path, profiles: Iterable[TasteProfile]) -> None:
    """``profiles.jsonl.gz``: one profile a line.

    Raises:
        UnwritableFile: it cannot be written there.
    """
    with _whole(path) as file, _gzipped(file) as lines:
        for profile in profiles:
            lines.write(profile.model_dump_json(exclude_none=True).encode() + b"\n")


def write_friends(path: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """``friends.csv.gz``: undirected friendships of user ids.

    Raises:
        UnwritableFile: it cannot be written there.
    """
    with _whole(path) as file, _gzipped(file) as lines:
        lines.write(b"user_a,user_b\n")
        lines.write("".join(f"{one},{other}\n" for one, other in pairs).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Any other file.

    Raises:
        UnwritableFile: it cannot be written there.
    """
    with _whole(path) as file:
        file.write(content)


def _gzipped(file: BinaryIO) -> gzip.GzipFile:
    # Without a time and a name in its header, the same content is the same file.
    return gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=_COMPRESSION, mtime=0)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file beside ``path`` that takes its place when all is written, and is gone when not."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                yield file
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableFile(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from error
