"""ListenBrainz's public API as far as it is used here: top artists, top recordings, tags of artists, release years.

Taken from its documentation and its published source, not measured on its servers: the shapes; that a page holds 1,000
at most, whatever is asked; that only some 1,000 of each kind are ranked, though ``total_artist_count`` tells of more;
that one identifier which is none refuses the whole batch; 204 for statistics that were not computed yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.errors import SourceUnavailable, UnknownUser
from features.genres.votes import genres_of
from features.listenbrainz.names import quoted
from features.metabrainz.shapes import Row, mbid, part, rows, whole
from features.metabrainz.web import Answer, Deadline, Web

PAGE = 1000
BATCH = 100
"""Identifiers in a request: they go into its address, which stays below 4,096 characters."""
_FIRST_YEAR, _LAST_YEAR = 1000, 2100


class ListenBrainzApi:
    """Questions about one person, all within one deadline. Every method may raise SourceUnavailable and StoreError."""

    def __init__(self, web: Web, deadline: Deadline) -> None:
        self._web, self._deadline = web, deadline

    def top(self, name: str, kind: str, most: int) -> list[Row]:
        """The most listened ``artists`` or ``recordings`` of all time, the first ``most``, as rows.

        Raises:
            UnknownUser: there is nobody of that name.
            SourceUnavailable: also where the statistics were not computed yet.
        """
        found: list[Row] = []
        while len(found) < most:
            page = list(rows(part(self._page(name, kind, offset=len(found)), kind)))
            found += page
            if not page:
                break
        return found[:most]

    def genres(self, artists: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Genres by the MBID of an artist, of those that have some."""
        found = {}
        for batch in _batches(artists):
            query = {"artist_mbids": ",".join(batch), "inc": "tag"}
            for row in rows(self._web.get("1/metadata/artist/", query, self._deadline).json()):
                if genres := _genres(row):
                    found[mbid(row.get("artist_mbid"))] = genres
        return found

    def years(self, recordings: Sequence[str]) -> dict[str, int]:
        """Release years by the MBID of a recording, of those that have one."""
        found = {}
        for batch in _batches(recordings):
            query = {"recording_mbids": ",".join(batch), "inc": "release"}
            document = self._web.get("1/metadata/recording/", query, self._deadline).json()
            for recording in batch:
                year = whole(part(part(part(document, recording), "release"), "year"))
                if _FIRST_YEAR <= year <= _LAST_YEAR:
                    found[recording] = year
        return found

    def _page(self, name: str, kind: str, *, offset: int) -> object:
        path = f"1/stats/user/{quoted(name)}/{kind}"
        query = {"range": "all_time", "count": str(PAGE), "offset": str(offset)}
        return part(
            _known(self._web.get(path, query, self._deadline, expected=frozenset({204, 404}))).json(), "payload"
        )


def _known(answer: Answer) -> Answer:
    if answer.status == 404:
        raise UnknownUser("ListenBrainz knows nobody of that name.", "See listenbrainz.org/user/NAME/ for the name.")
    if answer.status == 204:
        raise SourceUnavailable(
            "ListenBrainz has not counted this person's listening yet.", "It counts about once a day: try again later."
        )
    return answer


def _genres(row: Row) -> tuple[str, ...]:
    tags = list(rows(part(row.get("tag"), "artist")))
    votes = [(tag.get("tag"), whole(tag.get("count")), bool(tag.get("genre_mbid"))) for tag in tags]
    return genres_of(
        [(name, count) for name, count, is_genre in votes if is_genre], [(name, count) for name, count, _ in votes]
    )


def _batches(mbids: Sequence[str]) -> Iterator[Sequence[str]]:
    distinct = list(dict.fromkeys(mbids))
    return (distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH))
