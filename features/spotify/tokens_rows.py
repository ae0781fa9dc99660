"""What is done with people's tokens inside a transaction: who has some, who is logged in, who is forgotten.

Sealing and refreshing live in ``features.spotify.tokens``.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from features.profile import UserId
from features.spotify.tokens_file import leaves_traces

SESSIONS_EACH = 20
"""Browsers in which one person is logged in; the one that logged in longest ago is logged out."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who logged in.

    Attributes:
        user_id: Spotify's id of the person.
        account_id: by which Spotify wants logins to be told apart, as it never changes; None where it tells none.
    """

    user_id: UserId
    account_id: str | None = None


class Row(NamedTuple):
    """Tokens as they lie in the file; times are microseconds since 1970."""

    user_id: UserId
    authorised_at: int
    sealed: bytes


def find(connection: sqlite3.Connection, user_id: UserId) -> Row | None:
    """The tokens of a person."""
    statement = "SELECT user_id, authorised_at, sealed FROM tokens WHERE user_id = ?"
    found = connection.execute(statement, (user_id,)).fetchone()
    return None if found is None else Row(*found)


def everyone(connection: sqlite3.Connection) -> list[Row]:
    """The tokens of all."""
    return [Row(*found) for found in connection.execute("SELECT user_id, authorised_at, sealed FROM tokens")]


def logged_in(connection: sqlite3.Connection, session: bytes, *, after: int = -1) -> UserId | None:
    """Whose the session is; nobody's where the tokens were authorised at ``after`` or earlier."""
    statement = "SELECT user_id FROM sessions JOIN tokens USING (user_id) WHERE digest = ? AND authorised_at > ?"
    found = connection.execute(statement, (session, after)).fetchone()
    return None if found is None else UserId(found[0])


def log_out(connection: sqlite3.Connection, session: bytes) -> None:
    """Nobody is logged in in this session any more; their tokens stay."""
    connection.execute("DELETE FROM sessions WHERE digest = ?", (session,))


def log_in(connection: sqlite3.Connection, account: Account, row: Row, session: bytes) -> None:
    """Keep the tokens and the session of who logged in; an earlier person of that session is logged out.

    Tokens that no session leads to go, also those of who was logged out just before.

    Where the id or the account is known from another pair, one of them has passed to somebody else: what was kept under
    either is not this person's, or not under this id any more.
    """
    others = "SELECT user_id FROM tokens WHERE user_id = ?1 AND account_id <> ?2 OR user_id <> ?1 AND account_id = ?2"
    for (user_id,) in connection.execute(others, (account.user_id, account.account_id)).fetchall():
        forget(connection, user_id)
    connection.execute(
        "INSERT INTO tokens (user_id, account_id, authorised_at, sealed) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id) DO UPDATE SET account_id = coalesce(excluded.account_id, account_id),"
        " authorised_at = excluded.authorised_at, sealed = excluded.sealed",
        (account.user_id, account.account_id, row.authorised_at, row.sealed),
    )
    connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", (session, row.user_id, row.authorised_at))
    connection.execute(
        "DELETE FROM sessions WHERE user_id = ?1 AND digest NOT IN"
        " (SELECT digest FROM sessions WHERE user_id = ?1 ORDER BY since DESC, digest = ?2 DESC LIMIT ?3)",
        (account.user_id, session, SESSIONS_EACH),
    )
    forget_those_without_session(connection)


def replace(connection: sqlite3.Connection, row: Row, sealed: bytes) -> bool:
    """Put other tokens in the place of ``row``; not where that is not there any more."""
    statement = "UPDATE tokens SET sealed = ? WHERE user_id = ? AND sealed = ?"
    return connection.execute(statement, (sealed, row.user_id, row.sealed)).rowcount > 0


def drop(connection: sqlite3.Connection, row: Row) -> bool:
    """Forget the person of ``row``, but for that their login ended; not where other tokens took its place."""
    if find(connection, row.user_id) != row:
        return False
    connection.execute("INSERT OR IGNORE INTO ended VALUES (?)", (row.user_id,))
    return forget(connection, row.user_id)


def ended(connection: sqlite3.Connection) -> list[UserId]:
    """Those whose login ended, and who are not known to be deleted since."""
    return [UserId(user_id) for (user_id,) in connection.execute("SELECT user_id FROM ended")]


def forget_ended(connection: sqlite3.Connection, user_id: UserId) -> None:
    """What was read with a login that ended is deleted."""
    if connection.execute("DELETE FROM ended WHERE user_id = ?", (user_id,)).rowcount:
        leaves_traces(connection)


def forget(connection: sqlite3.Connection, user_id: UserId) -> bool:
    """Delete tokens and sessions of a person; tells whether there were any."""
    connection.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))
    is_known = connection.execute("DELETE FROM tokens WHERE user_id = ?", (user_id,)).rowcount > 0
    if is_known:
        leaves_traces(connection)
    return is_known


def forget_old(connection: sqlite3.Connection, *, until: int) -> int:
    """Forget everybody who authorised at ``until`` or earlier; returns how many."""
    old = connection.execute("SELECT user_id FROM tokens WHERE authorised_at <= ?", (until,)).fetchall()
    return sum(forget(connection, user_id) for (user_id,) in old)


def forget_those_without_session(connection: sqlite3.Connection) -> None:
    """Tokens that no session leads to are of no use to anybody."""
    statement = "DELETE FROM tokens WHERE user_id NOT IN (SELECT user_id FROM sessions)"
    if connection.execute(statement).rowcount:
        leaves_traces(connection)
