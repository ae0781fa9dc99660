"""Beginning a new SQLite file, and making an old one of ours up to date; connections: ``features.sqlite.database``."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import StoreError

BUSY_TIMEOUT_S = 60.0
"""How long to wait for another process's write; clearing the traces of deleted people takes longest."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file is and how its tables are made.

    Attributes:
        what: what the file is in words, such as ``feature store``.
        application_id: SQLite's mark of whose file it is (32 bits).
        version: kept in ``PRAGMA user_version``; one that ``upgrades`` does not lead on from is refused.
        statements: make the tables of a new file.
        upgrades: by version, what makes the next one of it.
        page_size: bytes; takes effect in a new file.
    """

    what: str
    application_id: int
    version: int
    statements: tuple[str, ...]
    page_size: int = 4096
    upgrades: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def make_private_file(path: Path) -> None:
    """Make an empty file that only its owner can read, and its folders; an existing file stays as it is.

    SQLite gives its -wal and -shm files the same mode.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def prepare(connection: sqlite3.Connection, schema: Schema, path: Path) -> None:
    """Make the tables of an empty file, or bring those of an old one up to date; then switch it to a write-ahead log.

    Raises:
        StoreError: the file is of another program, or of another version of this one.
        sqlite3.Error: it is no SQLite file, or cannot be written.
    """
    if _pragma(connection, "user_version") == 0:
        _create(connection, schema)
    if _pragma(connection, "application_id") != schema.application_id:
        raise StoreError(
            f"{path} is an SQLite file, but not a {schema.what} of Soundalike.",
            "Move it away, or set SOUNDALIKE_HOME to another folder.",
        )
    found = _upgraded(connection, schema)
    if found != schema.version:
        raise StoreError(
            f"{path} has schema version {found}; this Soundalike knows version {schema.version}.",
            "Install the Soundalike that wrote it, or move the file away and import again.",
        )
    _switch_to_wal(connection)


def _create(connection: sqlite3.Connection, schema: Schema) -> None:
    connection.execute(f"PRAGMA page_size={schema.page_size}")
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        for statement in schema.statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={schema.application_id}")
        connection.execute(f"PRAGMA user_version={schema.version}")
    connection.execute("COMMIT")


def _upgraded(connection: sqlite3.Connection, schema: Schema) -> int:
    """The version of the file, after the upgrades that there are; they are all made, or none."""
    found = _pragma(connection, "user_version")
    if found not in schema.upgrades:
        return found
    connection.execute("BEGIN IMMEDIATE")
    while (found := _pragma(connection, "user_version")) in schema.upgrades:  # again: another process may have done it
        for statement in schema.upgrades[found]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={found + 1}")
    connection.execute("COMMIT")
    return found


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Ask until it is granted: SQLite's own busy timeout does not cover two processes that open a new file at once."""
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
