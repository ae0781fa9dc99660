"""TableGenres: genres from a table on this disk, CSV or parquet, with the columns ``artist`` and ``genres``.

The table is read when it is first asked, and then held in memory; a change to it is seen by the next process. How a
file becomes rows lives in ``features.genres.table_files``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from features.errors import GenreTableError
from features.genres.table_files import table_rows
from features.genres.votes import genre_keys
from features.identity import artist_key
from features.sources.names import clean


class TableGenres:
    """GenreSource over a table; an artist that stands in several rows has the genres of all of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading = threading.Lock()
        self._known: dict[str, tuple[str, ...]] | None = None

    def genres(self, artists: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Genres of those that stand in the table, in its order.

        Raises:
            GenreTableError: the table cannot be read, or is not of that form.
        """
        with self._reading:
            if self._known is None:
                self._known = self._read()
            known = self._known
        keys = ((artist, artist_key(artist)) for artist in artists)
        return {artist: known[key] for artist, key in keys if key in known}

    def _read(self) -> dict[str, tuple[str, ...]]:
        known: dict[str, tuple[str, ...]] = {}
        for where, artist, genres in table_rows(self._path):
            key = artist_key(clean(artist))
            if not key:
                raise GenreTableError(f"{where} names no artist.", "Each row is an artist and their genres.")
            if found := genre_keys(genres):
                known[key] = tuple(dict.fromkeys(known.get(key, ()) + found))
        return known
