"""Files that an earlier Soundalike wrote: brought up to date when they are opened."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from features.outbox import Outbox
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from tests.builders import NOW, a_playlist, a_profile, features_of

(ANN,) = features_of(a_profile("ann", a_playlist("mix", "Air")))
BOB = replace(ANN, user_id=UserId("bob"), consented_at=None)


def in_version_1(path: Path, table: str) -> None:
    """The file as it was before: who agreed is told by a number, and nobody's date."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN consent INTEGER")
        connection.execute(f"UPDATE {table} SET consent = consented_at IS NOT NULL")  # noqa: S608 - the name of a table
        connection.execute(f"ALTER TABLE {table} DROP COLUMN consented_at")
        connection.execute("PRAGMA user_version = 1")


def dates(people: list[UserFeatures]) -> dict[str, object]:
    return {person.user_id: person.consented_at for person in people}


def in_the_store(path: Path) -> dict[str, object]:
    with closing(SqliteFeatureStore(path)) as store:
        return dates([person for batch in store.scan() for person in batch])


def in_the_outbox(path: Path) -> dict[str, object]:
    with closing(Outbox(path)) as outbox:
        return dates([each.person for each in outbox.oldest(10) if each.person is not None])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with closing(SqliteFeatureStore(tmp_path / "features.db")) as store:
        store.upsert([ANN, BOB])
    in_version_1(tmp_path / "features.db", "people")
    return tmp_path / "features.db"


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    with closing(Outbox(tmp_path / "outbox.db")) as outbox:
        outbox.put(ANN)
        outbox.put(BOB)
        outbox.remove(UserId("cleo"))
    in_version_1(tmp_path / "outbox.db", "waiting")
    return tmp_path / "outbox.db"


def test_people_of_before_agreed_when_they_were_written_last(store: Path):
    assert in_the_store(store) == {"ann": NOW, "bob": None}
    assert in_the_store(store) == {"ann": NOW, "bob": None}  # opened again


def test_what_waited_is_delivered_with_the_date_and_deletions_stay_deletions(outbox: Path):
    assert in_the_outbox(outbox) == {"ann": NOW, "bob": None}
    with closing(Outbox(outbox)) as opened:
        assert [each.user_id for each in opened.oldest(10) if each.person is None] == ["cleo"]


def test_an_upgrade_is_made_once_by_however_many_open_the_file(store: Path):
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(in_the_store, [store] * 8))
    assert seen == [{"ann": NOW, "bob": None}] * 8
