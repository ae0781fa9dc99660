"""Logins that were begun: kept until the browser comes back, once, in the session that began them.

They lie in the file, so that a restart or another worker in mid-login loses none.
"""

from __future__ import annotations

import hmac
import sqlite3
from datetime import datetime, timedelta

from pydantic import SecretStr

from features.errors import SpotifyLoginNeeded
from features.spotify.secrets_sealing import Sealing
from features.spotify.tokens_file import TokensFile, digest
from features.sqlite.writes import microseconds

LASTS = timedelta(minutes=10)
MOST = 10_000
"""Logins begun at one time; the oldest are given up, since to refuse new ones would let anybody lock out all others."""
MOST_EACH = 5
"""Logins begun at one time in one session, as when somebody opens several tabs."""


class Begun:
    """States that were handed out, each with the session that it is good for and the verifier that goes with it."""

    def __init__(self, file: TokensFile, sealing: Sealing) -> None:
        self._file = file
        self._sealing = sealing

    def keep(self, state: str, *, session: str, verifier: SecretStr, now: datetime) -> None:
        """A browser is sent to Spotify with ``state``. Raises StoreError."""
        key, owner = digest(state), digest(session)
        sealed = self._sealing.seal(verifier.get_secret_value(), belongs_to=key.hex())
        with self._file.writing() as connection:
            _forget_old(connection, now)
            _keep_newest(connection, "session = ?", (owner,), MOST_EACH - 1)
            _keep_newest(connection, "true", (), MOST - 1)
            connection.execute("INSERT INTO begun VALUES (?, ?, ?, ?)", (key, owner, microseconds(now), sealed))

    def take(self, state: str, *, session: str, now: datetime) -> SecretStr:
        """The verifier of a login; whoever asks, it cannot be taken a second time.

        Raises:
            SpotifyLoginNeeded: no such login was begun, or not in this session, or too long ago, or it was taken.
            StoreError: the file cannot be written.
        """
        key = digest(state)
        with self._file.writing() as connection:
            statement = "DELETE FROM begun WHERE state = ? RETURNING session, begun_at, verifier"
            found = connection.execute(statement, (key,)).fetchall()
        for owner, begun_at, sealed in found:
            if hmac.compare_digest(owner, digest(session)) and begun_at > microseconds(now - LASTS):
                return SecretStr(self._sealing.unseal(sealed, belongs_to=key.hex()))
        raise SpotifyLoginNeeded(
            "This is no login that was begun in this browser in the last 10 minutes, or it is done already.",
            "Begin again: log in with Spotify, and allow cookies for this page.",
        )

    def forget(self, session: str) -> None:
        """Give up what was begun in a session. Raises StoreError."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM begun WHERE session = ?", (digest(session),))

    def tidy(self, now: datetime) -> None:
        """Give up what was begun too long ago. Raises StoreError."""
        with self._file.writing() as connection:
            _forget_old(connection, now)


def _forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    connection.execute("DELETE FROM begun WHERE begun_at <= ?", (microseconds(now - LASTS),))


def _keep_newest(connection: sqlite3.Connection, where: str, values: tuple[bytes, ...], most: int) -> None:
    newest_first = f"SELECT state FROM begun WHERE {where} ORDER BY begun_at DESC LIMIT -1 OFFSET ?"  # noqa: S608 - no values
    connection.execute(f"DELETE FROM begun WHERE state IN ({newest_first})", (*values, most))  # noqa: S608
