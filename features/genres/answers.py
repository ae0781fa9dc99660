"""MusicBrainzGenres: what MusicBrainz once answered, kept for good; that it knew nothing, too.

Artists are kept as digests. Whom a person listens to can tell who they are, so no name may outlive its last listener
here; genres are nobody's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

import orjson

from features.identity import artist_key
from features.sqlite.database import Database


class Outcome(StrEnum):
    """How a look-up ended."""

    FOUND = "found"
    WITHOUT_GENRES = "without genres"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What MusicBrainz knows about an artist; ``genres`` only where it has FOUND some."""

    outcome: Outcome
    genres: tuple[str, ...] = ()


class MusicBrainzGenres:
    """GenreSource of the answers so far; it asks nobody. Every method may raise ``StoreError``."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def genres(self, artists: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Genres of those for whom MusicBrainz had some."""
        return {artist: answer.genres for artist, answer in self.answers(artists).items() if answer.genres}

    def answers(self, artists: Sequence[str]) -> dict[str, Answer]:
        """The answers on those of ``artists`` that were looked up, keyed as asked."""
        digests = {artist: _digest(artist) for artist in artists}
        wanted = orjson.dumps(sorted(set(digests.values()))).decode()
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT a.artist, a.outcome, a.genres FROM json_each(?) AS wanted"
                " CROSS JOIN answers AS a ON a.artist = wanted.value",
                (wanted,),
            ).fetchall()
        known = {digest: Answer(Outcome(outcome), _genres(genres)) for digest, outcome, genres in found}
        return {artist: known[digest] for artist, digest in digests.items() if digest in known}

    def keep(self, artist: str, answer: Answer) -> None:
        """Remember an answer."""
        row = (_digest(artist), answer.outcome.value, "\n".join(answer.genres), int(self._clock()))
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _digest(artist: str) -> str:
    return blake2b(artist_key(artist).encode(), digest_size=16).hexdigest()


def _genres(lines: str) -> tuple[str, ...]:
    return tuple(lines.split("\n")) if lines else ()
