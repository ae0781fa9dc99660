"""Which artist of a MusicBrainz search is the one that was asked for. Pure."""

from __future__ import annotations

from features.identity import artist_key
from features.metabrainz.shapes import Row, mbid, part, rows, whole

LEAST_SCORE = 80
"""Of 100, which MusicBrainz gives to the best hit of a search."""


def query_for(artist: str) -> str:
    """The search, in Lucene's language: the name as a phrase, as a name or as an alias."""
    phrase = '"' + artist.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"artist:{phrase} OR alias:{phrase}"


def best_match(document: object, artist: str) -> str:
    """The MBID of the artist whose name, or else an alias, is ``artist``; "" where there is none.

    Of several, the one that MusicBrainz's users have tagged most: who is listened to is tagged. Ties go by score and
    then by MBID, so that the same answer always means the same artist.
    """
    wanted = artist_key(artist)
    fitting = [
        (artist_key(_name(row)) == wanted, _votes(row), whole(row.get("score")), mbid(row.get("id")))
        for row in rows(part(document, "artists"))
        if whole(row.get("score")) >= LEAST_SCORE and mbid(row.get("id")) and wanted in _names(row)
    ]
    return max(fitting)[-1] if fitting else ""


def _names(row: Row) -> set[str]:
    return {artist_key(_name(each)) for each in (row, *rows(row.get("aliases")))}


def _name(row: Row) -> str:
    name = row.get("name")
    return name if isinstance(name, str) else ""


def _votes(row: Row) -> int:
    return sum(max(0, whole(tag.get("count"))) for tag in rows(row.get("tags")))
