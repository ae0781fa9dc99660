"""MusicBrainz: looks one artist up by name, over the network. What it answered is kept in ``features.genres.answers``.

Requests and answers are as its documentation tells (``/ws/2/artist?query=`` and ``/ws/2/artist/{mbid}?inc=genres+tags``
with ``fmt=json``); they were not measured on its servers. Nothing is sent but the name of an artist.
"""

from __future__ import annotations

from features.genres.answers import Answer, Outcome
from features.genres.matching import best_match, query_for
from features.genres.votes import Votes, genres_of
from features.metabrainz.shapes import part, rows, whole
from features.metabrainz.web import Deadline, Web

WITHIN_S = 60.0
"""Seconds for one artist: two requests, their turns and their retries."""
_NOT_THERE = frozenset({400, 404})
_UNKNOWN = Answer(Outcome.UNKNOWN)


class MusicBrainz:
    """Look-ups by name."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def ask(self, artist: str) -> Answer:
        """What MusicBrainz knows about an artist.

        A name that it cannot search for (400) is one that it does not know, or it would be asked for ever.

        Raises:
            SourceUnavailable: it did not answer.
            StoreError: the turns cannot be kept.
        """
        deadline = Deadline(WITHIN_S)
        query = {"query": query_for(artist), "fmt": "json"}
        found = self._web.get("artist", query, deadline, expected=_NOT_THERE)
        match = best_match(found.json(), artist) if found.status == 200 else ""
        if not match:
            return _UNKNOWN
        about = self._web.get(f"artist/{match}", {"inc": "genres+tags", "fmt": "json"}, deadline, expected=_NOT_THERE)
        if about.status != 200:
            return _UNKNOWN
        document = about.json()
        genres = genres_of(_votes(part(document, "genres")), _votes(part(document, "tags")))
        return Answer(Outcome.FOUND, genres) if genres else Answer(Outcome.WITHOUT_GENRES)

    def close(self) -> None:
        """Close the connections."""
        self._web.close()


def _votes(value: object) -> Votes:
    return [(row.get("name"), whole(row.get("count"))) for row in rows(value)]
