"""What becomes of broken files, full disks, and stores that are closed or that nobody closed."""

import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import StoreError
from features.sqlite.database import Database
from features.sqlite.schema import SCHEMA
from features.sqlite.store import SqliteFeatureStore
from tests.features.test_sqlite_store import SOMEBODY, a_fan


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "features.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteFeatureStore]:
    made = SqliteFeatureStore(path)
    yield made
    made.close()


def _broken_by(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def assert_refused(path: Path, words: str) -> StoreError:
    with pytest.raises(StoreError, match=words) as caught:
        SqliteFeatureStore(path)
    assert caught.value.mend
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "features.db").write_bytes(b"user,artist\n" * 1000)
    assert_refused(tmp_path / "features.db", "not a database")
    assert (tmp_path / "features.db").read_bytes() == b"user,artist\n" * 1000


def test_the_database_of_another_program_is_refused_untouched(tmp_path: Path):
    _broken_by(tmp_path / "features.db", "CREATE TABLE theirs (x)")
    before = (tmp_path / "features.db").read_bytes()
    assert_refused(tmp_path / "features.db", "not a feature store of Soundalike")
    assert (tmp_path / "features.db").read_bytes() == before


def test_the_store_of_a_newer_soundalike_is_refused(path: Path):
    SqliteFeatureStore(path).close()
    _broken_by(path, "PRAGMA user_version=9")
    assert_refused(path, "schema version 9; this Soundalike knows version 2")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert_refused(tmp_path / "file" / "features.db", r"cannot be used: (Not a directory|File exists)")


def test_a_path_that_is_a_folder_is_refused(tmp_path: Path):
    assert_refused(tmp_path, "Is a directory")


def test_a_damaged_file_is_refused_in_words(path: Path):
    store = SqliteFeatureStore(path)
    store.upsert([a_fan(number) for number in range(200)])
    store.close()
    content = bytearray(path.read_bytes())
    content[8192 : len(content) // 2] = b"\xff" * (len(content) // 2 - 8192)
    path.write_bytes(content)

    def read_all() -> None:
        store = SqliteFeatureStore(path)
        try:
            list(store.scan())
        finally:
            store.close()

    with pytest.raises(StoreError, match="malformed") as caught:
        read_all()
    assert "restore a backup" in caught.value.mend


def test_a_damaged_listening_is_told_in_words(store: SqliteFeatureStore, path: Path):
    store.upsert([SOMEBODY])
    _broken_by(path, "UPDATE people SET listening = x'7b'")
    for act in (lambda: list(store.scan()), lambda: store.delete([SOMEBODY.user_id])):
        with pytest.raises(StoreError, match="holds a row that cannot be read"):
            act()


def test_a_full_disk_is_told_in_words_and_loses_nothing(store: SqliteFeatureStore):
    store.upsert([SOMEBODY])
    with store._database.reading() as connection:
        connection.execute("PRAGMA max_page_count=20")
    with pytest.raises(StoreError, match="full") as caught:
        store.upsert([a_fan(number) for number in range(50)])
    assert "disk space" in caught.value.mend
    assert store.count() == 1


def test_a_closed_store_says_so(path: Path):
    store = SqliteFeatureStore(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.count()


def test_a_store_that_nobody_closed_is_closed_when_it_is_dropped(tmp_path: Path) -> None:
    database = Database(tmp_path / "features.db", SCHEMA)
    with database.reading() as connection:
        pass

    del database
    gc.collect()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
