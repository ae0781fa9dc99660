import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import StoreError
from features.hopsworks.ledger import Key, Ledger
from features.profile import UserId


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def key(user_id: str, updated_at: int = 1, fingerprint: str = "f") -> Key:
    return Key(UserId(user_id), updated_at, fingerprint)


def test_a_new_ledger_has_seen_nothing(ledger: Ledger):
    assert not ledger.is_listed
    assert ledger.is_empty
    assert list(ledger.newest()) == []
    assert ledger.wanted() == (0, 0)


def test_the_newest_row_of_a_person_is_the_person(ledger: Ledger):
    ledger.list_all([[key("ann", 3, "new")], [key("bob"), key("ann", 1, "old")]])
    assert ledger.is_listed
    assert list(ledger.newest()) == [("ann", "new"), ("bob", "f")]
    assert ledger.held([UserId("ann"), UserId("nobody")]) == {"ann": [key("ann", 1, "old"), key("ann", 3, "new")]}
    assert ledger.surplus() == [key("ann", 1, "old")]


def test_rows_that_are_there_twice_are_told(ledger: Ledger):
    ledger.list_all([[key("ann"), key("bob")], [key("ann")]])
    assert ledger.doubled() == [key("ann")]
    assert ledger.surplus() == []
    ledger.hold([key("ann")])
    assert ledger.doubled() == []


def test_a_listing_that_breaks_off_changes_nothing(ledger: Ledger):
    ledger.list_all([[key("ann")]])

    def broken() -> Iterator[list[Key]]:
        yield [key("bob")]
        raise StoreError("broken")

    with pytest.raises(StoreError):
        ledger.list_all(broken())
    assert list(ledger.newest()) == [("ann", "f")]
    ledger.list_all([[key("cleo")]])
    assert list(ledger.newest()) == [("cleo", "f")]


def test_wanted_is_who_the_replica_lacks_or_has_in_another_state(ledger: Ledger):
    ledger.list_all([[key("ann", 5, "a"), key("bob", 6, "before")]])
    ledger.replicated([UserId("ann"), UserId("bob")])
    ledger.list_all([[key("ann", 5, "a"), key("bob", 6, "before"), key("bob", 7, "b"), key("cleo", 9, "c")]])
    assert ledger.wanted() == (2, 7)
    among = [key("ann", 5, "a"), key("bob", 7, "b"), key("bob", 6, "before"), key("dan")]
    assert ledger.wanted_among(among) == {key("bob", 7, "b")}


def test_gone_is_whom_only_the_replica_has(ledger: Ledger):
    ledger.list_all([[key("ann"), key("bob")]])
    ledger.replicated([UserId("ann"), UserId("bob")])
    ledger.list_all([[key("bob")]])
    assert ledger.gone() == ["ann"]


def test_who_is_forgotten_leaves_no_byte(ledger: Ledger, tmp_path: Path):
    names = [f"person-with-a-name-{number}" for number in range(200)]
    ledger.list_all([[key(name) for name in names]])
    ledger.replicated(map(UserId, names))
    assert ledger.forget([UserId(name) for name in names[:100]] + [UserId("nobody")]) == 100
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(f"{name}\0".encode() in content or name.encode() + b"f" in content for name in names[:10])
    assert b"person-with-a-name-42" not in content
    assert b"person-with-a-name-142" in content


def test_what_was_removed_is_held_no_more(ledger: Ledger):
    ledger.hold([key("ann", 1), key("ann", 2)])
    ledger.release([key("ann", 1)])
    assert ledger.held([UserId("ann")]) == {"ann": [key("ann", 2)]}


def test_the_newest_are_told_in_pages_by_user_id(ledger: Ledger):
    ledger.hold([key(f"p{number:05}") for number in range(2500)])
    names = [name for name, _ in ledger.newest()]
    assert names == sorted(names)
    assert len(names) == 2500


def test_what_was_not_wiped_for_a_reader_is_wiped_by_the_next_deletion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    monkeypatch.setattr("features.sqlite.database.BUSY_TIMEOUT_S", 0.1)  # how long the reader is waited for
    ledger: Ledger = request.getfixturevalue("ledger")
    ledger.list_all([[key("a-person-with-a-name"), key("bob")]])
    reader = sqlite3.connect(tmp_path / "ledger.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM held").fetchone()
    ledger.forget([UserId("a-person-with-a-name")])
    assert b"a-person-with-a-name" in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    reader.close()
    assert ledger.forget([UserId("nobody")]) == 0
    assert b"a-person-with-a-name" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_who_was_deleted_is_buried_for_rows_from_before(ledger: Ledger):
    ledger.bury([UserId("ann")], 5)
    assert ledger.buried([key("ann", 5), key("bob", 4)]) == ["ann"]
    assert ledger.buried([key("ann", 6)]) == []
