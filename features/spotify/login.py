"""Login: how a person lets Soundalike read their Spotify library, and takes that back.

No HTTP here: the rim gives every browser a session id that is hard to guess, sends it to :meth:`Login.begin`'s address
and hands over what it brings back. Tokens are kept by ``features.spotify.tokens``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from features.errors import SpotifyLoginNeeded
from features.profile import UserId
from features.spotify.login_account import account_of
from features.spotify.login_accounts import Accounts
from features.spotify.login_begun import Begun
from features.spotify.login_trouble import declined
from features.spotify.secrets_key import sealing_of
from features.spotify.settings import SpotifySettings
from features.spotify.tokens import Tokens
from features.spotify.tokens_file import TOKENS_FILE, TokensFile

_STATE_BYTES = 32
SHORTEST_SESSION = 16
"""Letters of a session id at the least: whoever guesses it is logged in."""


def _now() -> datetime:
    return datetime.now(UTC)


class Login:
    """Logins of all sessions; safe to share between threads, and with other processes of the same home."""

    def __init__(self, settings: SpotifySettings, home: Path, *, clock: Callable[[], datetime] = _now) -> None:
        """Open what is kept in ``home``, or begin it; spotipy is not needed for that.

        Raises:
            StoreError: a file cannot be used.
            SettingsError: the key for the tokens is none.
            SpotifyNotConfigured: the extra ``spotify`` is not installed.
        """
        self._settings = settings
        self._clock = clock
        self._file = TokensFile(home / TOKENS_FILE)
        sealing = sealing_of(settings.token_key, home)
        self._accounts = Accounts(settings, clock=clock)
        self._begun = Begun(self._file, sealing)
        self.tokens = Tokens(self._file, sealing, self._accounts, clock=clock)

    def begin(self, session: str) -> str:
        """The address to send the browser of this session to; good for one login, within 10 minutes.

        Raises:
            SpotifyLoginNeeded: the session id is too short to be one.
            SpotifyNotConfigured: no app of Spotify's is set up here.
            StoreError: the file cannot be written.
        """
        if not _is_session(session):
            raise _no_session()
        state = secrets.token_urlsafe(_STATE_BYTES)
        url, verifier = self._accounts.begin(state)
        self._begun.keep(state, session=session, verifier=verifier, now=self._clock())
        return url

    def finish(
        self, session: str, state: str, *, code: str | None = None, error: str | None = None, becomes: str | None = None
    ) -> UserId:
        """A browser came back: who is logged in now.

        Args:
            session: of the browser that came back; the one that the login was begun in.
            state: as the browser brought it.
            code: the same.
            error: the same, in place of a code.
            becomes: a fresh session id that the rim gives the browser from now on; so that an id which somebody else
                planted in it before is worth nothing. Nobody is logged in in the session that came back any more.

        Raises:
            SpotifyLoginNeeded: it was declined; or this is no login of this session, or it is over, or done already.
            SpotifyForbidden: the app may not be used by this person.
            SpotifyNotConfigured: Spotify does not accept the app.
            SpotifyUnavailable: no usable answer came: it has to be begun again.
            StoreError: the file cannot be written.
        """
        if not _is_session(session) or not _is_session(session if becomes is None else becomes):
            raise _no_session()
        verifier = self._begun.take(state, session=session, now=self._clock())
        if error is not None or not code:
            raise declined(error or "")
        grant = self._accounts.exchange(code, verifier)
        account = account_of(grant.access_token.get_secret_value(), self._settings)
        self.tokens.keep(account, grant, session=session if becomes is None else becomes, before=session)
        return account.user_id

    def who(self, session: str) -> UserId | None:
        """Who is logged in in a session. Raises StoreError."""
        return self.tokens.user_of(session) if _is_session(session) else None

    def disconnect(self, session: str) -> UserId | None:
        """Forget who is logged in in a session, in all their sessions, and what was begun in this one.

        Returns:
            Whose tokens are forgotten and wiped; what was read with them is to be deleted by the caller.

        Raises:
            StoreError: the file cannot be written, or not be wiped; the same again does it.
        """
        if not _is_session(session):
            return None
        self._begun.forget(session)
        return self.tokens.forget_session(session)

    def disconnect_user(self, user_id: UserId) -> bool:
        """Forget a person in all sessions; tells whether there was anything to forget. Raises StoreError as above."""
        return self.tokens.forget(user_id)

    def tidy(self, now: datetime) -> int:
        """Forget logins that were not finished and tokens that are over; to be called now and then.

        Returns:
            How many people's tokens were forgotten.

        Raises:
            StoreError: as for :meth:`disconnect`.
        """
        self._begun.tidy(now)
        return self.tokens.tidy(now)

    def close(self) -> None:
        """Close the file; logins cannot be used after."""
        self._file.close()


def _is_session(session: str) -> bool:
    return len(session) >= SHORTEST_SESSION


def _no_session() -> SpotifyLoginNeeded:
    return SpotifyLoginNeeded("This browser has no session to log in in.", "Allow cookies for this page.")
