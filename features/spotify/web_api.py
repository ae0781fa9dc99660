"""WebApi: the questions that are asked of Spotify, through spotipy, with every failure in this house's words.

Pages are asked for by number, never by the address in ``next``. How pages become a whole list lives in
``features.spotify.paging``, what is made of the answers in ``features.spotify.shapes``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from features.errors import SpotifyError
from features.spotify.connection import Connection, SpotipyClient, unlogged
from features.spotify.links import quoted
from features.spotify.patience import Patience
from features.spotify.trouble import Refusal, error_of, refusal_in, unreachable, unreadable

Json: TypeAlias = Mapping[str, object]
TimeRange = Literal["short_term", "medium_term", "long_term"]
PAGE: Final = 50
"""Most rows that Spotify gives at once, of anything that is asked for here."""
_TRACK = "(type,name,uri,is_local,artists(id,name),album(release_date))"
# Both names of a row's content: apps in development mode know ``item``, others ``track`` as well.
_FIELDS = f"items(is_local,item{_TRACK},track{_TRACK}),next,total,limit"


class WebApi:
    """Spotify for one reading. Any method may raise ``SpotifyError``; safe to share between threads."""

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self._market = connection.market
        self.at_once = connection.at_once
        """Requests that a reading makes at the same time."""

    def user(self, user_id: str) -> Json:
        """Somebody's public profile."""
        # Not spotipy's method of that name, which warns with every call that Spotify may take this away some day.
        return self._ask(lambda client: client._get(f"users/{quoted(user_id)}"))

    def user_playlists(self, user_id: str, offset: int, *, limit: int = PAGE) -> Json:
        """A page of the playlists, own and followed, that somebody shows to everybody."""
        path = f"users/{quoted(user_id)}/playlists"
        return self._ask(lambda client: client._get(path, limit=limit, offset=offset))

    def playlist_items(self, playlist_id: str, offset: int) -> Json:
        """A page of a playlist's rows: just what is made use of, and no podcasts."""
        return self._ask(
            lambda client: client.playlist_items(
                playlist_id,
                fields=_FIELDS,
                limit=PAGE,
                offset=offset,
                market=self._market,
                additional_types=("track",),
            )
        )

    def artists(self, artist_ids: Sequence[str]) -> Json:
        """Up to 50 artists; null for those that Spotify does not know."""
        return self._ask(lambda client: client.artists(artist_ids))

    def me(self) -> Json:
        """Who is logged in."""
        return self._ask(lambda client: client.current_user())

    def my_playlists(self, offset: int) -> Json:
        """A page of the playlists, own and followed, of who is logged in."""
        return self._ask(lambda client: client.current_user_playlists(limit=PAGE, offset=offset))

    def my_saved_tracks(self, offset: int) -> Json:
        """A page of their liked songs."""
        return self._ask(
            lambda client: client.current_user_saved_tracks(limit=PAGE, offset=offset, market=self._market)
        )

    def my_top_artists(self, time_range: TimeRange) -> Json:
        """The artists that they play most, at most 50, the first one most."""
        return self._ask(lambda client: client.current_user_top_artists(limit=PAGE, time_range=time_range))

    def my_followed_artists(self, after: str | None) -> Json:
        """A page of the artists that they follow, after the one of that id."""
        return self._ask(lambda client: client.current_user_followed_artists(limit=PAGE, after=after))

    def _ask(self, question: Callable[[SpotipyClient], Any]) -> Json:
        """The answer, waited for where Spotify asks for that, and with a new token where the old one is over."""
        gate, token_source = self._connection.gate, self._connection.token
        has_new_token = False
        while True:
            asked_at, token = self._patience.turn(), token_source()
            found = self._tried(question)
            if isinstance(found, SpotifyError):
                raise found
            if not isinstance(found, Refusal):
                gate.answered()
                return found
            if found.status == 429:
                gate.refused(found.rest_s, asked_at=asked_at)
            if found.is_rate_limit:
                continue
            if found.status == 401 and not has_new_token:
                token_source.discard(token)
                has_new_token = True
                if token_source() != token:
                    continue
            raise error_of(found)

    def _tried(self, question: Callable[[SpotipyClient], Any]) -> Json | Refusal | SpotifyError:
        """What came of it; handed back, as an error raised from spotipy's would hold whom it was about."""
        try:
            with unlogged():
                answer = question(self._connection.client)
        except SpotifyError as error:  # no token
            return error
        except Exception as error:  # noqa: BLE001 - spotipy lets through whatever an odd answer leads to
            return refusal_in(error) or _trouble(error)
        return answer if isinstance(answer, dict) else unreadable()


def _trouble(error: Exception) -> SpotifyError:
    import requests
    from urllib3.exceptions import HTTPError

    if isinstance(error, requests.RequestException | HTTPError | ValueError | RecursionError):
        return unreachable(error)
    raise error  # a mistake of ours
