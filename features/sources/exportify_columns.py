r"""Which columns of an Exportify CSV hold what, in either dialect and in any language. Headers and cells; no files.

exportify.net (Pavel Komarov's) names its columns in English and joins artists with ``;``, formerly with a bare ``,``.
The original (watsonbox's) translates the names, joins artists with ``, `` and writes a comma in a name as ``\,``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TITLE = ("track name",)
_ARTISTS = ("artist name(s)", "artist name", "artist names")
_ARTIST_IDS = ("artist uri(s)", "artist uri", "artist uris", "artist ids")
_DATE = ("album release date", "release date")
# watsonbox puts the artists' genres before the album's, in every language.
_GENRES = re.compile(r"genre|g[éeêè]ner|ジャンル|流派|曲風|曲风|είδ|تصنيف|نوع|tür", re.IGNORECASE)
_TRACK_URI = re.compile(r"spotify:(?:track|local|episode):")
_ARTIST_URI = "spotify:artist:"
_LOOKS_LIKE_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}")
# "10,000 Maniacs" is one artist, and so is "Tyler, The Creator".
_BARE_COMMA = re.compile(r",(?!\s)(?!(?<=\d,)\d)")
_SPACED_COMMA = re.compile(r"(?<!\\), ")
_SEMICOLON = re.compile(r";")

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in a row, and what stands between two artists."""

    title: int
    artists: int
    artist_ids: int | None
    date: int | None
    genres: int | None
    separator: re.Pattern[str]

    def artist_names(self, row: Cells) -> list[str]:
        """The artists of a row; one where the row counts one id, whatever commas the name holds."""
        cell = cell_at(row, self.artists)
        ids = cell_at(row, self.artist_ids)
        names = [cell] if ids and "," not in ids else self.separator.split(cell)
        return [name.replace("\\,", ",") for name in names]


def find_columns(header: Cells, sample: Sequence[Cells]) -> Columns | None:
    """The columns of an Exportify file; None for any other.

    Args:
        header: the labels of the first row.
        sample: rows that follow; in a file with translated labels, their URIs show which column is which.
    """
    return _by_label(header, sample) or _by_position(header, sample)


def cell_at(row: Cells, column: int | None) -> str:
    """A cell, "" where the row is too short or the file has no such column."""
    return row[column].strip() if column is not None and column < len(row) else ""


def _by_label(header: Cells, sample: Sequence[Cells]) -> Columns | None:
    labels = [label.strip().casefold() for label in header]
    title, artists = _position(labels, _TITLE), _position(labels, _ARTISTS)
    if title is None or artists is None:
        return None
    return Columns(
        title=title, artists=artists, artist_ids=_position(labels, _ARTIST_IDS), date=_position(labels, _DATE),
        genres=_genres_column(header), separator=_separator(labels, sample, artists),
    )  # fmt: skip


def _separator(labels: list[str], sample: Sequence[Cells], artists: int) -> re.Pattern[str]:
    if labels[artists] != "artist name(s)" or any(label.startswith("artist uri") for label in labels):
        return _SPACED_COMMA
    return _SEMICOLON if any(";" in cell_at(row, artists) for row in sample) else _BARE_COMMA


def _by_position(header: Cells, sample: Sequence[Cells]) -> Columns | None:
    """Translated labels: track URI, title, artist URIs, artists, and the date somewhere after them."""
    for row in sample:
        uri = next((i for i, cell in enumerate(row) if _TRACK_URI.match(cell)), None)
        if uri is not None and cell_at(row, uri + 2).startswith(_ARTIST_URI):
            return Columns(
                title=uri + 1, artists=uri + 3, artist_ids=uri + 2, date=_date_column(sample, after=uri + 3),
                genres=_genres_column(header), separator=_SPACED_COMMA,
            )  # fmt: skip
    return None


def _date_column(sample: Sequence[Cells], *, after: int) -> int | None:
    for row in sample:
        for column in range(after + 1, min(after + 6, len(row))):
            if _LOOKS_LIKE_DATE.fullmatch(row[column].strip()):
                return column
    return None


def _genres_column(header: Cells) -> int | None:
    return next((i for i, label in enumerate(header) if _GENRES.search(label)), None)


def _position(labels: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((labels.index(label) for label in wanted if label in labels), None)
