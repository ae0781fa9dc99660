"""Which format a file is in, found out from its content; the two ways in: a file on disk, an upload of one person's.

A file name's ending only helps where the content leaves a doubt. The formats themselves live in their own modules.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from features.errors import UnreadableSource
from features.profile import TasteProfile
from features.sources.archive import Archive
from features.sources.exportify import CSV_MEMBERS, read_exportify_csv, read_exportify_zip
from features.sources.json_lines import Rejection, read_json_lines
from features.sources.limits import SourceLimits
from features.sources.opening import OpenFile, opened, reading, unpacked, uploaded
from features.sources.spotify_export import MEMBERS, read_spotify_export

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
HOW_TO_GET_ONE = (
    "Give the ZIP of Spotify's data export as it came (spotify.com/account/privacy, 'Download your data'; it holds "
    "Playlist1.json, YourLibrary.json, StreamingHistory_music_0.json or Streaming_History_Audio_….json), "
    "Exportify's CSV or ZIP, or a profiles.jsonl."
)


def read_profiles(path: Path, limits: SourceLimits) -> Iterator[TasteProfile | Rejection]:
    """All profiles of a file, streamed; the file is opened when the first one is asked for.

    Raises:
        UnreadableSource: the file is missing, broken, or of no known format.
        EmptyProfile: the file, or an export in it, holds no track.
        ProfileTooLarge: the file, or an export in it, is larger than ``limits`` allow.
    """
    with opened(path, limits) as file:
        yield from _profiles(file, limits)


def read_upload(data: bytes | BinaryIO, filename: str, limits: SourceLimits) -> TasteProfile:
    """One person's profile.

    Args:
        data: the content; a stream has to be seekable, and stays open.
        filename: as the sender called it; names the playlist of a lone CSV.
        limits: how much may be read.

    Raises:
        UnreadableSource: as ``read_profiles``; also where the file holds several profiles.
        InvalidProfile: the profile is empty, too large, or not valid.
    """
    file = uploaded(data, filename, limits)
    found = list(islice(_profiles(file, limits), 2))
    if len(found) > 1:
        mend = "Upload one person's; import many from the command line."
        raise UnreadableSource(f"{file.name} holds several profiles.", mend)
    if isinstance(found[0], Rejection):
        raise found[0].kind(f"{file.name}: {found[0].reason}", "Mend it; of a Spotify export, give the whole ZIP.")
    return found[0]


def _profiles(packed: OpenFile, limits: SourceLimits) -> Iterator[TasteProfile | Rejection]:
    with reading(packed.name):
        file = unpacked(packed, limits)
        head = file.head()
        if head.startswith(_ZIP_MAGIC):
            yield _from_zip(file, limits)
        elif _is_json(head, file.name):
            yield from read_json_lines(file, limits)
        elif profile := read_exportify_csv(file, limits):
            yield profile
        else:
            raise UnreadableSource(f"{file.name} is of no known format.", HOW_TO_GET_ONE)


def _from_zip(file: OpenFile, limits: SourceLimits) -> TasteProfile:
    archive = Archive(file, limits)
    if archive.find(MEMBERS):
        return read_spotify_export(archive, limits)
    if archive.find(CSV_MEMBERS) and (profile := read_exportify_zip(archive, limits)):
        return profile
    raise UnreadableSource(f"{file.name} is a ZIP, but holds no export that is known here.", HOW_TO_GET_ONE)


def _is_json(head: bytes, name: str) -> bool:
    if head.startswith(_UTF16_BOMS):
        if head.decode("utf-16", "ignore").lstrip().startswith(("{", "[")):
            raise UnreadableSource(f"{name} is UTF-16 text.", "Save it as UTF-8.")
        return False
    opening = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    # A list of profiles with a broken first line is still one: the ending tells.
    return opening in (b"{", b"[", b"") or name.lower().endswith(_JSON_ENDINGS)
