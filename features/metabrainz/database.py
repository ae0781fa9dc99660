"""The file ``metabrainz.db`` of a home: when each site may be asked next, and what MusicBrainz answered.

What the tables mean lives with their owners: ``features.metabrainz.pace`` and ``features.genres.answers``.
"""

from __future__ import annotations

from pathlib import Path

from features.sqlite.database import Database
from features.sqlite.opening import Schema

SCHEMA = Schema(
    what="cache of MusicBrainz",
    application_id=0x50756E6D,
    version=1,
    statements=(
        # next_at: seconds since 1970.
        "CREATE TABLE pace (site TEXT PRIMARY KEY, next_at REAL NOT NULL) WITHOUT ROWID",
        """CREATE TABLE answers (
            artist TEXT PRIMARY KEY,    -- digest of the artist_key, in hexadecimal digits
            outcome TEXT NOT NULL,
            genres TEXT NOT NULL,       -- one a line, the most fitting first
            asked_at INTEGER NOT NULL   -- seconds since 1970
        ) WITHOUT ROWID""",
    ),
)


def metabrainz_database(home: Path) -> Database:
    """Open the file, or begin a new one. Raises StoreError where the folder cannot be used."""
    return Database(home / "metabrainz.db", SCHEMA)
