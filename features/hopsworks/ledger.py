"""The ledger: which rows the feature group holds, as last seen or written, and which people the replica has of it.

A row is known by its person, its event time and its fingerprint. Hopsworks keeps a row for every event time of a
person; the newest is the person, the others are left from before and wait to be removed. Only ids, times and digests
lie here, no listening; of those who were deleted from here, point id and time, so that a row that comes through late
brings nobody back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import orjson

from features.errors import StoreError
from features.identity import point_id
from features.profile import UserId
from features.sqlite import traces
from features.sqlite.database import Database
from features.sqlite.opening import Schema

_SCHEMA = Schema(
    what="ledger of the feature group",
    application_id=0x4C656467,
    version=2,
    statements=(
        # copies: how many rows there are of one person and time; more than one should never be
        """CREATE TABLE held (
            user_id TEXT NOT NULL,
            updated_at INTEGER NOT NULL,  -- microseconds since 1970
            fingerprint TEXT NOT NULL,
            copies INTEGER NOT NULL DEFAULT 1,
            PRIMARY KEY (user_id, updated_at)
        ) WITHOUT ROWID""",
        "CREATE TABLE replicated (user_id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID",
        # deleted_at: microseconds since 1970, when the deletion began
        "CREATE TABLE deleted (point_id BLOB PRIMARY KEY, deleted_at INTEGER NOT NULL) WITHOUT ROWID",
        # traces: people forgotten whose ids are not yet wiped from the file
        "CREATE TABLE state (is_listed INTEGER NOT NULL, traces INTEGER NOT NULL)",
        "INSERT INTO state VALUES (0, 0)",
    ),
)
# max() in a bare aggregate: SQLite takes the other columns from the row that holds it.
_NEWEST = "SELECT user_id, max(updated_at) AS updated_at, fingerprint FROM held GROUP BY user_id"
_WANTED = (
    f"FROM ({_NEWEST}) AS newest LEFT JOIN replicated USING (user_id)"
    " WHERE replicated.fingerprint IS NOT newest.fingerprint"
)
_LISTED = """CREATE TEMP TABLE listed (
    user_id TEXT, updated_at INTEGER, fingerprint TEXT, copies INTEGER, PRIMARY KEY (user_id, updated_at)
) WITHOUT ROWID"""
_TAKE_DOWN = (
    "INSERT INTO {} VALUES (?, ?, ?, 1)"
    " ON CONFLICT DO UPDATE SET copies = copies + 1, fingerprint = excluded.fingerprint"
)
_FOLLOW = (
    "DELETE FROM held WHERE NOT EXISTS (SELECT 1 FROM temp.listed AS l"
    " WHERE l.user_id = held.user_id AND l.updated_at = held.updated_at)",
    "INSERT OR REPLACE INTO held SELECT * FROM temp.listed EXCEPT SELECT * FROM held",
    "UPDATE state SET is_listed = 1 WHERE NOT is_listed",
)
_AMONG = "user_id IN (SELECT value FROM json_each(?))"
_REPLICATE = (
    "INSERT OR REPLACE INTO replicated SELECT user_id, fingerprint FROM"  # noqa: S608
    f" (SELECT user_id, max(updated_at), fingerprint FROM held WHERE {_AMONG} GROUP BY user_id)"
)
_AT_ONCE = 1000


class Key(NamedTuple):
    """A row of the feature group without its content; ``updated_at`` in microseconds since 1970."""

    user_id: UserId
    updated_at: int
    fingerprint: str


class Ledger:
    """The ledger in an SQLite file. Every method may raise ``StoreError``."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _SCHEMA)
        with suppress(StoreError):  # a full disk keeps nobody from reading; the next deletion tries again, and tells
            traces.wipe(self._database)

    @property
    def is_listed(self) -> bool:
        """Whether the whole feature group was listed, and no write since may have come through unnoticed."""
        with self._database.reading() as connection:
            return bool(connection.execute("SELECT is_listed FROM state").fetchone()[0])

    @property
    def is_empty(self) -> bool:
        """Whether the feature group holds nobody."""
        with self._database.reading() as connection:
            return not connection.execute("SELECT EXISTS (SELECT 1 FROM held)").fetchone()[0]

    def list_all(self, found: Iterable[Sequence[Key]]) -> None:
        """Take down all that the feature group holds; where ``found`` breaks off, nothing changes."""
        with self._database.reading() as connection:
            connection.execute("PRAGMA temp_store = MEMORY")  # no file that keeps bytes of ids
            connection.execute(_LISTED)
            try:
                for keys in found:
                    connection.executemany(_TAKE_DOWN.format("temp.listed"), keys)
                connection.execute("BEGIN IMMEDIATE")
                for statement in _FOLLOW:  # what is the same is not written again
                    connection.execute(statement)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.execute("DROP TABLE temp.listed")

    @contextmanager
    def in_doubt(self) -> Iterator[None]:
        """While rows are written: if the block fails, or the process dies in it, nothing here counts as listed."""
        was_listed = self.is_listed
        self._set_listed(False)
        yield
        self._set_listed(was_listed)

    def list_some(self, user_ids: Sequence[UserId], found: Iterable[Key]) -> None:
        """Take down all that the feature group holds of some people."""
        with self._database.writing() as connection:
            connection.execute(f"DELETE FROM held WHERE {_AMONG}", _ids(user_ids))  # noqa: S608
            connection.executemany(_TAKE_DOWN.format("held"), found)

    def held(self, user_ids: Iterable[UserId]) -> dict[UserId, list[Key]]:
        """Rows held of those of ``user_ids`` who have any, the newest last."""
        with self._database.reading() as connection:
            statement = f"SELECT user_id, updated_at, fingerprint FROM held WHERE {_AMONG} ORDER BY 1, 2"  # noqa: S608
            rows = connection.execute(statement, _ids(user_ids)).fetchall()
        found: dict[UserId, list[Key]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(Key(*row))
        return found

    def newest(self) -> Iterator[tuple[UserId, str]]:
        """Everybody held with the fingerprint of their newest row, by user id."""
        after = ""
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    "SELECT user_id, max(updated_at), fingerprint FROM held WHERE user_id > ?"
                    " GROUP BY user_id ORDER BY user_id LIMIT ?",
                    (after, _AT_ONCE),
                ).fetchall()
            if not rows:
                return
            yield from ((user_id, fingerprint) for user_id, _, fingerprint in rows)
            after = rows[-1][0]

    def hold(self, keys: Iterable[Key]) -> None:
        """Rows were written; each takes the place of one of the same person and time."""
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO held VALUES (?, ?, ?, 1)", keys)

    def release(self, keys: Iterable[Key]) -> None:
        """Rows were removed."""
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM held WHERE user_id = ? AND updated_at = ?", [(key.user_id, key.updated_at) for key in keys]
            )

    def surplus(self) -> list[Key]:
        """Rows besides the newest of each person."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT user_id, updated_at, fingerprint FROM held AS old WHERE updated_at <"
                " (SELECT max(updated_at) FROM held WHERE user_id = old.user_id)"
            ).fetchall()
        return [Key(*row) for row in rows]

    def doubled(self) -> list[Key]:
        """Newest rows that are there more than once."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT user_id, updated_at, fingerprint FROM held AS new WHERE copies > 1 AND updated_at ="
                " (SELECT max(updated_at) FROM held WHERE user_id = new.user_id)"
            ).fetchall()
        return [Key(*row) for row in rows]

    def wanted(self) -> tuple[int, int]:
        """How many people the replica lacks or has in another state, and the earliest event time among them."""
        with self._database.reading() as connection:
            count, earliest = connection.execute(f"SELECT count(*), min(newest.updated_at) {_WANTED}").fetchone()
        return count, earliest or 0

    def wanted_among(self, keys: Sequence[Key]) -> set[Key]:
        """Those of ``keys`` that the replica lacks."""
        ids = [key.user_id for key in keys]
        newest = {user_id: rows[-1] for user_id, rows in self.held(ids).items()}
        with self._database.reading() as connection:
            statement = f"SELECT user_id, fingerprint FROM replicated WHERE {_AMONG}"  # noqa: S608
            have = dict(connection.execute(statement, _ids(ids)))
        return {key for key in keys if newest.get(key.user_id) == key and have.get(key.user_id) != key.fingerprint}

    def replicated(self, user_ids: Iterable[UserId]) -> None:
        """The replica has these people as they are held here."""
        with self._database.writing() as connection:
            connection.execute(_REPLICATE, _ids(user_ids))

    def gone(self) -> list[UserId]:
        """People whom the replica has, and the feature group has not."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT user_id FROM replicated WHERE user_id NOT IN (SELECT user_id FROM held) ORDER BY 1"
            ).fetchall()
        return [row[0] for row in rows]

    def bury(self, user_ids: Iterable[UserId], at: int) -> None:
        """People are being deleted from here since ``at``, microseconds since 1970."""
        with self._database.writing() as connection:
            rows = [(point_id(user_id).bytes, at) for user_id in user_ids]
            connection.executemany("INSERT OR REPLACE INTO deleted VALUES (?, ?)", rows)

    def buried(self, keys: Iterable[Key]) -> list[UserId]:
        """People of ``keys`` who were deleted from here after the row was written."""
        statement = "SELECT deleted_at FROM deleted WHERE point_id = ? AND deleted_at >= ?"
        with self._database.reading() as connection:
            return [
                key.user_id
                for key in keys
                if connection.execute(statement, (point_id(key.user_id).bytes, key.updated_at)).fetchone()
            ]

    def forget(self, user_ids: Sequence[UserId]) -> int:
        """People were deleted; returns how many were known. Their ids leave the file's bytes, too."""
        with self._database.writing() as connection:
            known = self._known(connection, user_ids)
            connection.execute(f"DELETE FROM held WHERE {_AMONG}", _ids(user_ids))  # noqa: S608
            connection.execute(f"DELETE FROM replicated WHERE {_AMONG}", _ids(user_ids))  # noqa: S608
            connection.execute("UPDATE state SET traces = traces + ?", (known,))
        traces.wipe(self._database)
        return known

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _set_listed(self, is_listed: bool) -> None:
        with self._database.writing() as connection:
            connection.execute("UPDATE state SET is_listed = ?", (is_listed,))

    @staticmethod
    def _known(connection: sqlite3.Connection, user_ids: Sequence[UserId]) -> int:
        statement = (
            f"SELECT count(*) FROM (SELECT user_id FROM held WHERE {_AMONG}"  # noqa: S608
            f" UNION SELECT user_id FROM replicated WHERE {_AMONG})"
        )
        known: int = connection.execute(statement, (*_ids(user_ids), *_ids(user_ids))).fetchone()[0]
        return known


def _ids(user_ids: Iterable[UserId]) -> tuple[str]:
    """One parameter, however many ids there are."""
    return (orjson.dumps(list(user_ids)).decode(),)
