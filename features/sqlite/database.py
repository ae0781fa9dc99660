"""One SQLite file for threads and processes: connections, transactions, and one place where errors get their words.

How a file begins lives in ``features.sqlite.opening``; what its tables mean, with their owners
(``features.sqlite.store``, ``features.text_cache``).
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import StoreError
from features.sqlite.opening import BUSY_TIMEOUT_S, Schema, make_private_file, prepare
from features.sqlite.trouble import store_error


class Database:
    """Connections to one file, shared by threads and processes; every ``sqlite3.Error`` leaves as a StoreError.

    A connection is lent to one caller at a time and comes back to a pool, so readers never wait for a writer (WAL).
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema
        self._idle: list[sqlite3.Connection] = []
        # Whoever forgets to close, or ends the process, leaves no connection open either.
        weakref.finalize(self, _close_all, self._idle)
        self._guard = threading.Lock()
        self._closed = False
        with self._trouble_named():
            make_private_file(path)
        with self.reading() as connection:
            prepare(connection, self._schema, path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for single statements, each of which sees one state of the file.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._trouble_named():
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._put_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a write transaction: all of the block is kept, or none of it.

        Raises:
            StoreError: the file cannot be written, or another process holds it for too long.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def clear_traces(self) -> bool:
        """Leave no byte of what was deleted in the file or its write-ahead log.

        ``secure_delete`` wipes cells where they lay, but not the copies that SQLite leaves behind when it moves
        cells between pages; so the file is rewritten from what lives. Costs about 0.07 s per 1,000 people.

        Returns:
            False where a reader held the log for longer than the busy timeout: it has to be done again.

        Raises:
            StoreError: the rewriting failed, most likely for want of disk space.
        """
        with self.reading() as connection:
            connection.execute("VACUUM")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def close(self) -> None:
        """Close all idle connections; those still lent are closed as they come back."""
        with self._guard:
            self._closed = True
        with self._trouble_named():
            _close_all(self._idle)

    def _take(self) -> sqlite3.Connection:
        with self._guard:
            if self._closed:
                raise StoreError(f"The {self._schema.what} {self.path} is closed.")
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA secure_delete=ON")
        # A commit is on the disk before it is said to be done; some builds of SQLite sync less by default.
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _put_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def _trouble_named(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, what=self._schema.what, path=self.path) from error


def _close_all(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()
