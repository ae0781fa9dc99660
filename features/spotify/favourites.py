"""The artists that somebody who logged in plays most or follows, as playlists of artists alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from features.errors import SpotifyForbidden
from features.profile import Playlist
from features.spotify.assemble import Genres, of_artists
from features.spotify.paging import Page, by_cursor, rows_of
from features.spotify.reading import OnStep
from features.spotify.shapes import ArtistFound, artists_in
from features.spotify.web_api import TimeRange, WebApi

_TOP: tuple[tuple[TimeRange, str], ...] = (
    ("short_term", "Top artists of the last weeks"),
    ("medium_term", "Top artists of the last months"),
    ("long_term", "Top artists of the last year"),
)
_FOLLOWED = "Followed artists"
_MOST_FOLLOWED = 10_000


def favourite_artists(api: WebApi, on_step: OnStep) -> list[tuple[str, list[ArtistFound]]]:
    """Lists of artists, each with its name; those that were not agreed to are empty."""
    lists: list[tuple[str, Callable[[], Iterable[object]]]] = [
        *((name, lambda span=span: rows_of(api.my_top_artists(span))) for span, name in _TOP),
        (_FOLLOWED, lambda: by_cursor(lambda after: _followed(api, after), most=_MOST_FOLLOWED)),
    ]
    found = []
    for done, (name, rows) in enumerate(lists):
        on_step("library", done, len(lists))
        artists: list[ArtistFound] = []
        with suppress(SpotifyForbidden):
            artists = artists_in(rows())
        found.append((name, artists))
    on_step("library", len(lists), len(lists))
    return found


def _followed(api: WebApi, after: str | None) -> Page:
    page = api.my_followed_artists(after).get("artists")
    return page if isinstance(page, dict) else {}


def ranked(name: str, artists: Sequence[ArtistFound], genres: Genres) -> Playlist:
    """The first ten of a list of favourites weigh as much as five tracks each, the next ten as four, and so on."""
    weights = [1 if name == _FOLLOWED else max(5 - rank // 10, 1) for rank in range(len(artists))]
    return of_artists(name, artists, genres, weights=weights)
