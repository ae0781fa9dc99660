"""Exportify's CSV files, alone or zipped, as one TasteProfile: one file is one playlist.

A track by several artists becomes one row per artist with the same title, so that each of them counts; the file
gives genres per track, so each of them gets the track's. Which column holds what is ``exportify_columns``' matter.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from features.errors import UnreadableSource
from features.profile import TasteProfile, Track
from features.sources.archive import Archive, basename
from features.sources.assemble import ProfileDraft, too_many_tracks
from features.sources.exportify_columns import Cells, Columns, cell_at, find_columns
from features.sources.limits import SourceLimits
from features.sources.names import clean
from features.sources.opening import OpenFile

SOURCE = "exportify"
CSV_MEMBERS = re.compile(r".+\.csv", re.IGNORECASE)
_ENCODINGS = ("utf-8-sig", "cp1252")
# What a spreadsheet writes when it saves the file again.
_DELIMITERS = ",;\t"
_MISSING = frozenset({"", "undefined", "null", "none"})
_MAX_GENRES = 100
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)")

_Table = tuple[Columns, list[list[str]]]


def read_exportify_csv(file: OpenFile, limits: SourceLimits) -> TasteProfile | None:
    """A lone CSV; None where it is no CSV of Exportify's.

    Raises:
        UnreadableSource: the CSV breaks off in the middle of a cell.
        EmptyProfile: it names no artist.
        ProfileTooLarge: it holds more than ``limits.max_profile_tracks``.
    """
    return _profile(iter([(file.name, file.read_all())]), limits)


def read_exportify_zip(archive: Archive, limits: SourceLimits) -> TasteProfile | None:
    """All of a ZIP's CSVs that are Exportify's; None where there is none. Raises as ``read_exportify_csv``."""
    return _profile(((basename(member), archive.read(member)) for member in archive.find(CSV_MEMBERS)), limits)


def _profile(files: Iterator[tuple[str, bytes]], limits: SourceLimits) -> TasteProfile | None:
    draft = ProfileDraft(source=SOURCE, max_tracks=limits.max_profile_tracks)
    is_exportify = False
    for name, content in files:
        if table := _table(name, content, limits):
            is_exportify = True
            columns, rows = table
            draft.add(_playlist_name(name), (track for row in rows for track in _tracks(row, columns)))
    return draft.build() if is_exportify else None


def _table(name: str, content: bytes, limits: SourceLimits) -> _Table | None:
    """Columns and rows of a text that has Exportify's header, in the first encoding and dialect that shows one."""
    for text in _texts(content):
        for delimiter in _DELIMITERS:
            (header, *rows), broken = _rows(text, delimiter=delimiter, max_rows=limits.max_profile_tracks + 2)
            if not (columns := find_columns(header, rows)):
                continue
            if broken:
                raise UnreadableSource(f"{name} is a broken CSV: {broken}.", "Export the playlist again.") from broken
            if len(rows) > limits.max_profile_tracks:
                raise too_many_tracks(limits.max_profile_tracks)
            return columns, rows
    return None


def _rows(text: str, *, delimiter: str, max_rows: int) -> tuple[list[list[str]], csv.Error | None]:
    """Rows up to the first that is broken, and what is wrong with that one; always a first row."""
    rows: list[list[str]] = []
    try:
        rows.extend(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), max_rows))
    except csv.Error as error:
        return rows or [[]], error
    return rows or [[]], None


def _texts(content: bytes) -> Iterator[str]:
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_utf16 else _ENCODINGS:
        try:
            yield content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return


def _tracks(row: Cells, columns: Columns) -> Iterator[Track]:
    title = clean(cell_at(row, columns.title))
    genres = _genres(cell_at(row, columns.genres))
    year = _YEAR.search(cell_at(row, columns.date))
    for name in columns.artist_names(row):
        artist = clean(name)
        if artist.casefold() not in _MISSING:
            yield Track(artist=artist, title=title or None, genres=genres, release_year=int(year[0]) if year else None)


def _genres(cell: str) -> tuple[str, ...]:
    names = (clean(name) for name in re.split(r"[,;]", cell))
    return tuple(dict.fromkeys(name for name in names if name.casefold() not in _MISSING))[:_MAX_GENRES]


def _playlist_name(filename: str) -> str:
    return clean(re.sub(r"\.csv$", "", filename, flags=re.IGNORECASE).replace("_", " "))
