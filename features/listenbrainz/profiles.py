"""ListenBrainzProfiles: a person's statistics on ListenBrainz as a TasteProfile, with genres and release years.

One playlist without a name, since the statistics know none; in it one row an artist, with the listens as plays. Genres
are what MusicBrainz's users tagged the artist with. An artist's year is the median release year of those of the
person's 500 most played recordings that are by the artist: the year that a band began in is none of its music's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from features.identity import artist_key
from features.listenbrainz.api import ListenBrainzApi
from features.listenbrainz.names import page_of, user_id_of, user_name_of
from features.listening import median_year
from features.metabrainz.shapes import Row, mbid, whole
from features.metabrainz.web import Deadline, Web
from features.profile import TasteProfile, Track
from features.sources.assemble import ProfileDraft
from features.sources.names import clean

SOURCE = "listenbrainz"
MOST_ARTISTS, MOST_TAGGED, MOST_RECORDINGS = 2000, 500, 500
WITHIN_S = 120.0
"""Seconds for a person: some 13 requests at one a second, their retries and waits."""
_MOST_PLAYS = 1_000_000_000


class ListenBrainzProfiles:
    """Reads people's public statistics."""

    def __init__(self, web: Web, *, max_tracks: int = MOST_ARTISTS, within_s: float = WITHIN_S) -> None:
        """Ask through ``web``; a profile holds the ``max_tracks`` most played artists, and is read in ``within_s``."""
        self._web, self._max_tracks, self._within_s = web, min(max_tracks, MOST_ARTISTS), within_s

    def read(self, name: str) -> TasteProfile:
        """The profile of a person.

        Args:
            name: as it stands on listenbrainz.org, also with ``listenbrainz:`` before it, or the page's address.

        Raises:
            UnreadableSource: that cannot be a name.
            UnknownUser: there is nobody of that name.
            EmptyProfile: they have listened to nobody.
            SourceUnavailable: ListenBrainz does not answer, is asked too often, or has not counted yet.
            StoreError: the turns cannot be kept.
        """
        name = user_name_of(name)
        api = ListenBrainzApi(self._web, Deadline(self._within_s))
        artists = [row for row in api.top(name, "artists", self._max_tracks) if clean(row.get("artist_name"))]
        draft = ProfileDraft(source=SOURCE, max_tracks=self._max_tracks)
        if artists:
            genres = api.genres([each for row in artists[:MOST_TAGGED] if (each := _only_mbid(row))])
            years = _years_by_artist(api, api.top(name, "recordings", MOST_RECORDINGS))
            draft.add("", (_track(row, genres.get(_only_mbid(row), ()), years) for row in artists))
        told = {"user_id": user_id_of(name), "display_name": name, "profile_url": page_of(name)}
        return TasteProfile.model_validate({**dict(draft.build()), **told})

    def close(self) -> None:
        """Close the connections."""
        self._web.close()


def _track(row: Row, genres: tuple[str, ...], years: dict[str, list[int]]) -> Track:
    name = clean(row.get("artist_name"))
    found = years.get(_only_mbid(row)) or years.get(artist_key(name), [])
    plays = max(0, min(whole(row.get("listen_count")), _MOST_PLAYS))
    return Track(artist=name, genres=genres, release_year=median_year(sorted(found)), plays=plays)


def _years_by_artist(api: ListenBrainzApi, recordings: Sequence[Row]) -> dict[str, list[int]]:
    """Release years of recordings by each artist's MBID, and by the name that the recordings give."""
    years = api.years([each for row in recordings if (each := mbid(row.get("recording_mbid")))])
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in recordings:
        year = years.get(mbid(row.get("recording_mbid")))
        if year is not None:
            for artist in {artist_key(clean(row.get("artist_name"))), *_mbids(row)}:
                found[artist].append(year)
    return found


def _only_mbid(row: Row) -> str:
    """The MBID of a row's artist; "" where there is none, or the row is of several artists together."""
    found = _mbids(row)
    return found[0] if len(found) == 1 else ""


def _mbids(row: Row) -> list[str]:
    """Artists have ``artist_mbid`` in the server's source and ``artist_mbids`` in its documentation: either will do."""
    several = row.get("artist_mbids")
    values = several if isinstance(several, list) and several else [row.get("artist_mbid")]
    return [found for value in values if (found := mbid(value))]
