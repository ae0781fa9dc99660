"""How the parts that ask Spotify fit together in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from features.errors import SpotifyNotConfigured
from features.spotify.access import Access, KnownAccess, probe
from features.spotify.app_token import AppToken
from features.spotify.artists import ArtistGenres
from features.spotify.connection import BACKOFF_S, Connection, GivenToken, PersonToken, new_session
from features.spotify.kept import UnfinishedReadings
from features.spotify.library import SpotifyLibrary
from features.spotify.patience import Gate, Patience
from features.spotify.public import SpotifyProfiles
from features.spotify.settings import SpotifySettings
from features.spotify.web_api import WebApi


@dataclass(frozen=True)
class Spotify:
    """The parts, wired; to be closed.

    Attributes:
        access: what the app may read.
        profiles: reads public profiles.
        library: reads the library of somebody who logged in.
    """

    access: KnownAccess
    profiles: SpotifyProfiles
    library: SpotifyLibrary


@contextmanager
def open_spotify(
    settings: SpotifySettings, home: Path, *, gate: Gate | None = None, backoff_s: float = BACKOFF_S
) -> Iterator[Spotify]:
    """Wire the parts; nothing is asked of Spotify yet, and without an app in the settings nothing ever is.

    Args:
        settings: which app, and how patient.
        home: SOUNDALIKE_HOME; a folder ``spotify`` is made in it.
        gate: with another clock, for tests.
        backoff_s: between tries of what failed at Spotify's end.

    Raises:
        StoreError: the folder cannot be used.
    """
    gate = gate or Gate()
    with (
        _app(settings, gate, backoff_s) as connection,
        closing(ArtistGenres(home / "spotify" / "artists.db")) as genres,
        closing(UnfinishedReadings(home / "spotify" / "readings.db")) as readings,
    ):
        new_api = partial(_new_api, connection, settings)
        access = KnownAccess(lambda: _access(connection, new_api), clock=gate.clock)
        yield Spotify(
            access,
            SpotifyProfiles(new_api, access, genres, readings),
            SpotifyLibrary(partial(_api_for, settings, gate, backoff_s), access, genres, readings),
        )


def _new_api(connection: Connection | SpotifyNotConfigured, settings: SpotifySettings) -> WebApi:
    if isinstance(connection, SpotifyNotConfigured):
        raise connection
    return WebApi(connection, Patience(connection.gate, settings.wait_at_most_s))


def _access(connection: Connection | SpotifyNotConfigured, new_api: Callable[[], WebApi]) -> Access:
    return Access("none", connection.what) if isinstance(connection, SpotifyNotConfigured) else probe(new_api())


@contextmanager
def _app(settings: SpotifySettings, gate: Gate, backoff_s: float) -> Iterator[Connection | SpotifyNotConfigured]:
    """The app's own connection, or why there is none."""
    connection: Connection | SpotifyNotConfigured
    with ExitStack() as stack:
        try:
            session = new_session(backoff_s=backoff_s)
            connection = Connection(settings, AppToken(settings, session), gate, session=session)
            stack.enter_context(closing(connection))
        except SpotifyNotConfigured as error:
            connection = error
        yield connection


@contextmanager
def _api_for(settings: SpotifySettings, gate: Gate, backoff_s: float, token: PersonToken) -> Iterator[WebApi]:
    """The Web API on behalf of a person."""
    session = new_session(backoff_s=backoff_s)
    with closing(Connection(settings, GivenToken(token), gate, session=session)) as connection:
        yield WebApi(connection, Patience(gate, settings.wait_at_most_s))
