"""The community's catalogue of artists: counts over the people in the store, kept in step with every write.

A person adds one *sighting* per artist: the artist's key with the genres and the year that this person's source told
of it. What was filled in from the catalogue is left out, so the catalogue never learns its own answers; and so is what
Spotify's Web API told, of which nobody else may keep anything.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import orjson

from features.identity import artist_key
from features.listening import Listening, median_year
from features.ports import ArtistFacts
from features.provenance import lent
from features.sqlite.database import Database

MARK = "CREATE TABLE counts_only_lent (mark INTEGER)"
"""An empty table, by which a file is known whose counts hold nothing that Spotify's Web API told; see ``recount``."""
TABLES = (
    """CREATE TABLE sightings (
        artist TEXT NOT NULL,    -- artist_key
        genres TEXT NOT NULL,    -- one a line, the most fitting first; '' where the source told none
        year INTEGER NOT NULL,   -- 0 where the source told none
        people INTEGER NOT NULL,
        PRIMARY KEY (artist, genres, year)
    ) WITHOUT ROWID""",
    "CREATE TABLE genres (genre TEXT PRIMARY KEY, people INTEGER NOT NULL) WITHOUT ROWID",
    MARK,
)
FACT_GENRES = 5
"""Genres told of an artist at most."""

Sighting = tuple[str, str, int]


class Changes:
    """What a write changes in the catalogue, gathered in memory and then applied in the same transaction."""

    def __init__(self) -> None:
        self._sightings: Counter[Sighting] = Counter()
        self._genres: Counter[str] = Counter()

    def add(self, listening: Listening, source: str) -> None:
        """A person with this listening comes."""
        sightings, genres = _sightings_of(lent(listening, source))
        self._sightings.update(sightings)
        self._genres.update(genres)

    def remove(self, listening: Listening, source: str) -> None:
        """A person with this listening goes."""
        sightings, genres = _sightings_of(lent(listening, source))
        self._sightings.subtract(sightings)
        self._genres.subtract(genres)

    def apply(self, connection: sqlite3.Connection) -> None:
        """Write the changes through ``connection``; a row that nobody is left in vanishes."""
        sightings = [(*key, change) for key, change in sorted(self._sightings.items()) if change]
        connection.executemany(
            "INSERT INTO sightings VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET people = people + excluded.people",
            sightings,
        )
        connection.executemany(
            "DELETE FROM sightings WHERE artist = ? AND genres = ? AND year = ? AND people <= 0",
            [row[:3] for row in sightings if row[3] < 0],
        )
        genres = [(genre, change) for genre, change in sorted(self._genres.items()) if change]
        connection.executemany(
            "INSERT INTO genres VALUES (?, ?) ON CONFLICT DO UPDATE SET people = people + excluded.people", genres
        )
        connection.executemany(
            "DELETE FROM genres WHERE genre = ? AND people <= 0", [row[:1] for row in genres if row[1] < 0]
        )


class SqliteArtistCatalog:
    """ArtistCatalog over the tables that the store's writes keep in step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def facts(self, artists: Iterable[str]) -> Mapping[str, ArtistFacts]:
        """Facts on those of ``artists`` that are known, keyed as asked.

        Raises:
            StoreError: the file cannot be read.
        """
        keys = {artist: artist_key(artist) for artist in artists}
        wanted = orjson.dumps(sorted(set(keys.values()))).decode()
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT s.artist, s.genres, s.year, s.people"
                " FROM json_each(?) AS wanted CROSS JOIN sightings AS s ON s.artist = wanted.value",
                (wanted,),
            ).fetchall()
        known = {key: _facts_from(rows) for key, rows in groupby(found, key=itemgetter(0))}
        return {artist: known[key] for artist, key in keys.items() if key in known}

    def popularity(self) -> tuple[dict[str, int], dict[str, int]]:
        """Number of people per ``artist_key``, and per genre.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._database.reading() as connection:
            artists = connection.execute("SELECT artist, sum(people) FROM sightings GROUP BY artist").fetchall()
            genres = connection.execute("SELECT genre, people FROM genres ORDER BY genre").fetchall()
        return dict(artists), dict(genres)

    def without_genres(self) -> list[str]:
        """``artist_key`` of the artists that no source tells the genres of, those with the most listeners first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT artist FROM sightings GROUP BY artist HAVING max(genres) = '' ORDER BY sum(people) DESC, artist"
            ).fetchall()
        return [artist for (artist,) in found]


def _sightings_of(listening: Listening) -> tuple[Iterator[Sighting], set[str]]:
    years: dict[str, list[int]] = {}
    for playlist in listening.playlists:
        for artist, year in zip(playlist.artists, playlist.years, strict=True):
            found = years.setdefault(artist, [])
            if year is not None and artist not in listening.filled_years:
                found.append(year)
    told: dict[str, tuple[tuple[str, ...], list[int]]] = {}
    for artist, found in years.items():
        key = artist_key(artist)
        genres, others = told.get(key, ((), []))  # under another spelling
        if not genres and artist not in listening.filled_genres:
            genres = listening.genres.get(artist, ())
        told[key] = genres, others + found
    sightings = ((key, "\n".join(genres), median_year(found) or 0) for key, (genres, found) in told.items())
    return sightings, set().union(*[genres for genres, _ in told.values()])


def _facts_from(rows: Iterable[tuple[str, str, int, int]]) -> ArtistFacts:
    people = 0
    genres: Counter[str] = Counter()
    years: list[int] = []
    for _, told, year, count in rows:
        people += count
        for genre in told.split("\n") if told else ():
            genres[genre] += count
        if year:
            years += [year] * count
    commonest = sorted(genres, key=lambda genre: (-genres[genre], genre))
    return ArtistFacts(people, tuple(commonest[:FACT_GENRES]), median_year(years))
