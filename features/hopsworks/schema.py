"""The feature group: its name. Its columns are those of ``features.tables.columns``."""

from __future__ import annotations

NAME, VERSION = "spotify_user_embeddings", 3
DESCRIPTION = (
    "People's listening as Soundalike's features: three text vectors, release years, and the listening itself."
)
