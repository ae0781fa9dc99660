"""From votes on genres and tags, as MusicBrainz's users cast them, to an artist's genres. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from features.identity import artist_key
from features.sources.names import clean

MOST_GENRES = 5
"""Genres told of an artist, at most; as many as the community's catalogue tells."""

Votes = Iterable[tuple[object, int]]
"""Names, as they came, each with the votes for it less those against it."""


def genres_of(genres: Votes, tags: Votes) -> tuple[str, ...]:
    """The genres with the most votes first, ties by name; tags only where nobody voted for a genre.

    Tags are whatever people write, "seen live" included; genres are those tags that MusicBrainz knows for one.
    """
    return _most_voted(genres) or _most_voted(tags)


def genre_keys(names: Iterable[object]) -> tuple[str, ...]:
    """Names of genres as listenings hold them: lower case, each once, none blank; in their order."""
    return tuple(dict.fromkeys(filter(None, (artist_key(clean(name)) for name in names))))


def _most_voted(votes: Votes) -> tuple[str, ...]:
    cast = [(-count, name) for name, count in votes if isinstance(name, str) and count > 0]
    return genre_keys(name for _, name in sorted(cast))[:MOST_GENRES]
