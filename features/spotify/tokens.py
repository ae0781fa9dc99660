"""Tokens: what people granted with their logins, kept encrypted, refreshed when it is due, forgotten when it is over.

The file is ``tokens_file``, what is done with its rows ``tokens_rows``; how a login comes about lives in ``login``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from features.errors import SpotifyLoginNeeded, StoreError
from features.profile import UserId
from features.spotify import tokens_rows
from features.spotify.login_accounts import Accounts
from features.spotify.secrets_sealing import Sealing
from features.spotify.tokens_file import TokensFile, digest
from features.spotify.tokens_grant import Grant
from features.spotify.tokens_rows import Account, Row
from features.spotify.tokens_shared import Shared
from features.sqlite.writes import microseconds

LASTS = timedelta(days=180)
"""How long after a login its tokens are kept. Spotify ends them after 6 months, however often they are refreshed."""


class Tokens:
    """Everybody's tokens. A person's are refreshed by one thread of one process at a time."""

    def __init__(
        self, file: TokensFile, sealing: Sealing, accounts: Accounts, *, clock: Callable[[], datetime]
    ) -> None:
        self._file = file
        self._sealing = sealing
        self._accounts = accounts
        self._clock = clock
        self._shared = Shared(file.path)

    def keep(self, account: Account, grant: Grant, *, session: str, before: str) -> None:
        """Somebody logged in, in this session; ``before``, their browser had that one. Raises StoreError."""
        row = Row(account.user_id, microseconds(self._clock()), self._sealed(grant, account.user_id))
        with self._file.writing() as connection:
            tokens_rows.log_out(connection, digest(before))
            tokens_rows.log_in(connection, account, row, digest(session))

    def user_of(self, session: str) -> UserId | None:
        """Who is logged in in a session, with tokens that are not over. Raises StoreError."""
        with self._file.reading() as connection:
            return tokens_rows.logged_in(connection, digest(session), after=self._over_by(self._clock()))

    def users(self) -> list[UserId]:
        """Everybody whose tokens are kept. Raises StoreError."""
        with self._file.reading() as connection:
            return [row.user_id for row in tokens_rows.everyone(connection)]

    def ended(self) -> list[UserId]:
        """Those whose tokens were over when they were wanted, until :meth:`forget` is told of them. Raises StoreError.

        So nobody is lost whose data cannot be deleted at once, or not before this process ends.
        """
        with self._file.reading() as connection:
            return tokens_rows.ended(connection)

    def is_kept(self, user_id: UserId) -> bool:
        """Whether tokens of a person are kept. Raises StoreError."""
        with self._file.reading() as connection:
            return tokens_rows.find(connection, user_id) is not None

    def access_token(self, user_id: UserId, *, refused: str | None = None) -> str:
        """A token to ask the Web API with on behalf of a person, good for another minute at the least.

        Args:
            user_id: whose.
            refused: one that Spotify did not accept before its time, so another one is wanted.

        Raises:
            SpotifyLoginNeeded: there are no tokens; or they are over, which forgets them but for :meth:`ended`; or the
                key does not fit.
            SpotifyUnavailable: a new one was due, and no usable answer came; nothing is forgotten.
            SpotifyNotConfigured: Spotify does not know the app; nothing is forgotten.
            StoreError: the file cannot be used.
        """
        token = self._good_token(self._grant_in(self._row(user_id)), refused)
        return token or self._shared.do(user_id, lambda: self._refreshed(user_id, refused))

    def forget(self, user_id: UserId) -> bool:
        """Forget tokens and sessions of a person, and that a login ended, and wipe it; tells whether there were tokens.

        Raises:
            StoreError: nothing was forgotten, or it was not wiped from the file's bytes; then the next time does it.
        """
        with self._file.writing() as connection:
            is_known = tokens_rows.forget(connection, user_id)
            tokens_rows.forget_ended(connection, user_id)
        self._file.wipe()
        return is_known

    def forget_session(self, session: str) -> UserId | None:
        """Forget, as above, who is logged in in a session, and be it with tokens that are over; tells who that was."""
        with self._file.writing() as connection:
            user_id = tokens_rows.logged_in(connection, digest(session))
            if user_id is not None:
                tokens_rows.forget(connection, user_id)
        self._file.wipe()
        return user_id

    def tidy(self, now: datetime) -> int:
        """Forget what is over, and seal the rest with the first key; returns how many people were forgotten.

        Raises:
            StoreError: as for :meth:`forget`.
        """
        with self._file.writing() as connection:
            forgotten = tokens_rows.forget_old(connection, until=self._over_by(now))
            for row in tokens_rows.everyone(connection):
                if (sealed := self._sealing.with_first_key(row.sealed)) != row.sealed:
                    tokens_rows.replace(connection, row, sealed)
        self._file.wipe()
        return forgotten

    def _refreshed(self, user_id: UserId, refused: str | None) -> str:
        row = self._row(user_id)
        grant = self._grant_in(row)
        if token := self._good_token(grant, refused):
            return token  # another process, or a new login, was quicker
        try:
            grant = self._accounts.refresh(grant)
        except SpotifyLoginNeeded:
            if self._drop(row):
                raise
        else:
            with self._file.writing() as connection:
                if tokens_rows.replace(connection, row, self._sealed(grant, user_id)):
                    return grant.access_token.get_secret_value()
        # Meanwhile the person logged in anew, or wants to be forgotten.
        return self._grant_in(self._row(user_id)).access_token.get_secret_value()

    def _good_token(self, grant: Grant, refused: str | None) -> str | None:
        token = grant.access_token.get_secret_value()
        return token if grant.is_fresh(self._clock()) and token != refused else None

    def _row(self, user_id: UserId) -> Row:
        with self._file.reading() as connection:
            row = tokens_rows.find(connection, user_id)
        if row is not None and row.authorised_at <= self._over_by(self._clock()):
            self._drop(row)
            row = None
        if row is None:
            raise SpotifyLoginNeeded("Nobody of this id is logged in with Spotify, or not any more.", "Log in again.")
        return row

    def _drop(self, row: Row) -> bool:
        with self._file.writing() as connection:
            is_dropped = tokens_rows.drop(connection, row)
        with suppress(StoreError):  # the tokens are over, wiped or not; who asks has to log in
            self._file.wipe()
        return is_dropped

    def _sealed(self, grant: Grant, user_id: UserId) -> bytes:
        return self._sealing.seal(grant.to_json(), belongs_to=user_id)

    def _grant_in(self, row: Row) -> Grant:
        return Grant.model_validate_json(self._sealing.unseal(row.sealed, belongs_to=row.user_id))

    @staticmethod
    def _over_by(now: datetime) -> int:
        return microseconds(now - LASTS)
