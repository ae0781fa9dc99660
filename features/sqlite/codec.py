"""UserFeatures to a row of the table ``people`` and back. Pure; the table itself lives in ``features.sqlite.store``.

The listening is JSON by columns (names once, then indices), written plainly: compression would cost more time in a
scan than it saves in reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import orjson

from features.listening import Listening, PlaylistListening
from features.profile import UserId
from features.provenance import is_of_spotify_api
from features.user_features import Coverage, UserFeatures, Vector, YearStats


class Row(NamedTuple):
    """A row of ``people``, in the order of its columns.

    ``content`` is a digest of everything but the times, by which an unchanged person is known: of ``consented_at`` it
    covers whether there is one, of ``updated_at`` the day where listening expires, so that what was read again lives
    longer everywhere. Vectors are little-endian float32.
    """

    user_id: UserId
    content: bytes
    display_name: str | None
    profile_url: str | None
    source: str
    consented_at: str | None
    updated_at: str
    text_model: str
    genre: bytes | None
    artist: bytes | None
    playlist: bytes | None
    year_mean: float | None
    year_std: float | None
    decades: bytes | None
    genre_coverage: float
    year_coverage: float
    listening: bytes


def row_of(person: UserFeatures) -> Row:
    """The row that keeps a person."""
    years, updated_at = person.years, person.updated_at.astimezone(UTC)
    row = Row(
        user_id=person.user_id,
        content=b"",
        display_name=person.display_name,
        profile_url=person.profile_url,
        source=person.source,
        consented_at="" if person.consent else None,
        updated_at=updated_at.date().isoformat() if is_of_spotify_api(person) else "",
        text_model=person.text_model,
        genre=_blob(person.genre),
        artist=_blob(person.artist),
        playlist=_blob(person.playlist),
        year_mean=None if years is None else float(years.mean),
        year_std=None if years is None else float(years.std),
        decades=None if years is None else _blob(years.decades),
        genre_coverage=person.coverage.genres,
        year_coverage=person.coverage.years,
        listening=encode_listening(person.listening),
    )
    consented_at = None if person.consented_at is None else person.consented_at.astimezone(UTC).isoformat()
    return row._replace(content=_digest(row), updated_at=updated_at.isoformat(), consented_at=consented_at)


def features_of(row: Row) -> UserFeatures:
    """The person that a row keeps.

    Raises:
        ValueError: the listening or a time is damaged.
    """
    years = None
    if row.decades is not None and row.year_mean is not None and row.year_std is not None:
        years = YearStats(row.year_mean, row.year_std, _vector(row.decades))
    return UserFeatures(
        user_id=row.user_id,
        display_name=row.display_name,
        profile_url=row.profile_url,
        source=row.source,
        consented_at=None if row.consented_at is None else datetime.fromisoformat(row.consented_at),
        updated_at=datetime.fromisoformat(row.updated_at),
        text_model=row.text_model,
        genre=None if row.genre is None else _vector(row.genre),
        artist=None if row.artist is None else _vector(row.artist),
        playlist=None if row.playlist is None else _vector(row.playlist),
        years=years,
        coverage=Coverage(row.genre_coverage, row.year_coverage),
        listening=decode_listening(row.listening),
    )


def dated_consent(table: str) -> tuple[str, ...]:
    """What gives the rows of a ``table`` that knew only whether somebody agreed the best time that they have for it."""
    return (
        f"ALTER TABLE {table} ADD COLUMN consented_at TEXT",
        f"UPDATE {table} SET consented_at = updated_at WHERE consent",  # noqa: S608 - the name of a table
        f"ALTER TABLE {table} DROP COLUMN consent",
    )


def encode_listening(listening: Listening) -> bytes:
    """A listening as compact JSON, the same bytes for equal listenings."""
    number: dict[str, int] = {}
    playlists = []
    for playlist in listening.playlists:
        numbers = [number.setdefault(artist, len(number)) for artist in playlist.artists]
        playlists.append((playlist.name, numbers, playlist.weights, playlist.years) if numbers else (playlist.name,))
    for artist in sorted({*listening.genres, *listening.filled_genres, *listening.filled_years}):
        number.setdefault(artist, len(number))
    return orjson.dumps(
        {
            "artists": list(number),
            "genres": [listening.genres.get(artist) for artist in number],
            "filled_genres": sorted(number[artist] for artist in listening.filled_genres),
            "filled_years": sorted(number[artist] for artist in listening.filled_years),
            "playlists": playlists,
        }
    )


def decode_listening(blob: bytes) -> Listening:
    """The listening that ``encode_listening`` wrote.

    Raises:
        ValueError: the bytes are damaged.
    """
    packed: Mapping[str, Any] = orjson.loads(blob)
    name_of = packed["artists"].__getitem__
    return Listening(
        tuple(
            PlaylistListening(name, tuple(map(name_of, columns[0])), *map(tuple, columns[1:]))
            if columns
            else PlaylistListening(name)
            for name, *columns in packed["playlists"]
        ),
        {
            artist: tuple(genres)
            for artist, genres in zip(packed["artists"], packed["genres"], strict=True)
            if genres is not None
        },
        frozenset(map(name_of, packed["filled_genres"])),
        frozenset(map(name_of, packed["filled_years"])),
    )


def _digest(row: Row) -> bytes:
    digest = blake2b(digest_size=16)
    for value in row:
        part = value if isinstance(value, bytes) else repr(value).encode()
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


def _blob(vector: Vector | None) -> bytes | None:
    return None if vector is None else np.asarray(vector, "<f4").tobytes()


def _vector(blob: bytes) -> Vector:
    return np.frombuffer(blob, "<f4").astype(np.float32)
