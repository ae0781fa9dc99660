"""``profiles.jsonl``: one TasteProfile a line, streamed; or a file of one pretty-printed profile.

One broken line costs that line only. The fast path is a bare ``model_validate_json``: whatever words an error needs
are looked for after it happened.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from pydantic import ValidationError

from features.errors import EmptyProfile, InvalidProfile, ProfileTooLarge, UnreadableSource
from features.profile import TasteProfile
from features.sources.assemble import no_tracks, too_many_tracks
from features.sources.limits import MAX_PART_BYTES, SourceLimits
from features.sources.opening import OpenFile, too_large
from features.sources.reasons import reason_of

_SKIP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that is no usable profile.

    Attributes:
        where: ``FILE:LINE``.
        reason: what is wrong, in one short sentence that does not repeat the content.
        kind: the error that the same profile raises where it comes alone.
    """

    where: str
    reason: str
    kind: type[InvalidProfile] = InvalidProfile


def read_json_lines(file: OpenFile, limits: SourceLimits) -> Iterator[TasteProfile | Rejection]:
    """Profiles and rejections in the order of the lines.

    Raises:
        UnreadableSource: the file is JSON, but no profiles; or its gzip is broken.
        EmptyProfile: the file holds no line.
        ProfileTooLarge: the file unpacks to more than it may.
    """
    lines = _numbered_lines(file)
    first = list(islice(lines, 2))
    if not first:
        raise EmptyProfile(f"{file.name} is empty.", "Give a file with one profile a line.")
    if first[0][1].startswith(b"["):
        raise UnreadableSource(
            f"{file.name} holds a JSON list.",
            "Write one profile a line; of a Spotify export, give the whole ZIP as it came.",
        )
    lines = chain(first, lines)
    if _is_one_document(first):
        lines = iter([(first[0][0], _joined(lines, file))])
    for number, line in lines:
        yield _profile_or_rejection(line, where=f"{file.name}:{number}", limits=limits)


def _profile_or_rejection(line: bytes, *, where: str, limits: SourceLimits) -> TasteProfile | Rejection:
    try:
        profile = TasteProfile.model_validate_json(line)
        _check_size(profile, limits)
    except ValidationError as error:
        if len(line) > MAX_PART_BYTES:
            return Rejection(where, f"The line is longer than {MAX_PART_BYTES:,} bytes.", ProfileTooLarge)
        return Rejection(where, reason_of(error, line))
    except InvalidProfile as error:
        return Rejection(where, error.what, type(error))
    return profile


def _check_size(profile: TasteProfile, limits: SourceLimits) -> None:
    count = profile.track_count
    if not count:
        raise no_tracks()
    if count > limits.max_profile_tracks:
        raise too_many_tracks(limits.max_profile_tracks)


def _numbered_lines(file: OpenFile) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, counted from 1; an overlong one comes cut, and its rest is skipped."""
    total = number = 0
    while line := file.stream.readline(MAX_PART_BYTES + 1):
        number += 1
        total += len(line)
        if len(line) > MAX_PART_BYTES:
            total += _skip_to_line_end(file, line)
        if total > file.max_bytes:
            raise too_large(file.name, file.max_bytes)
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line := line.strip():
            yield number, line


def _skip_to_line_end(file: OpenFile, line: bytes) -> int:
    skipped = 0
    while line and not line.endswith(b"\n") and skipped <= file.max_bytes:
        line = file.stream.readline(_SKIP_BYTES)
        skipped += len(line)
    return skipped


def _is_one_document(first: list[tuple[int, bytes]]) -> bool:
    """Whether an object opens on line one and goes on; after a line that was merely cut off comes a whole one."""
    opens = first[0][1].startswith(b"{") and not first[0][1].endswith(b"}")
    return opens and len(first) == 2 and not (first[1][1].startswith(b"{") and first[1][1].endswith(b"}"))


def _joined(lines: Iterator[tuple[int, bytes]], file: OpenFile) -> bytes:
    parts: list[bytes] = []
    total = 0
    for _, line in lines:
        total += len(line) + 1
        if total > MAX_PART_BYTES:
            raise too_large(file.name, MAX_PART_BYTES)
        parts.append(line)
    return b"\n".join(parts)
