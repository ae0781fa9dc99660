from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import sync as sync_module
from features.errors import StoreError
from features.identity import point_id
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.sync import LocalShelf, Synced, sync
from features.user_features import UserFeatures
from tests.builders import a_playlist, a_profile, features_of
from tests.fakes.stores import MemoryFeatureStore

PERSON = features_of(a_profile("ann", a_playlist("mix", "Air")))[0]


def person(user_id: str, state: str = "") -> UserFeatures:
    return replace(PERSON, user_id=UserId(user_id), display_name=state)


def a_store(*people: UserFeatures) -> MemoryFeatureStore:
    store = MemoryFeatureStore()
    store.upsert(people)
    return store


def bring(source: MemoryFeatureStore, target: MemoryFeatureStore) -> Synced:
    return sync(LocalShelf(source), LocalShelf(target), lambda _count: None)


def everybody(store: MemoryFeatureStore) -> dict[str, str | None]:
    return {each.user_id: each.display_name for batch in store.scan() for each in batch}


states = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["", "x", "y"]))


@given(states, states, st.integers(1, 4))
def test_afterwards_the_target_has_all_of_the_source_and_keeps_the_others(one: dict, other: dict, batch: int):
    source = a_store(*[person(*each) for each in one.items()])
    target = a_store(*[person(*each) for each in other.items()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync_module, "BATCH", batch)
        done = bring(source, target)
    assert everybody(target) == other | one
    assert done.people == len(one)
    assert done.added == len(one.keys() - other.keys())
    assert done.updated == sum(other.get(key, value) != value for key, value in one.items())
    assert done.unchanged == len(one) - done.added - done.updated
    assert done.only_there == len(other.keys() - one.keys())


def test_who_was_deleted_from_the_target_stays_deleted():
    source, target = a_store(person("ann"), person("bob")), a_store(person("ann"))
    target.delete([UserId("ann")])
    gone = set(target.deleted(since=datetime(2000, 1, 1, tzinfo=UTC)))
    done = sync(LocalShelf(source), LocalShelf(target), lambda _count: None, gone=gone)
    assert everybody(target) == {"bob": ""}
    assert (done.people, done.left_out) == (1, 1)


def test_all_who_are_left_out_are_counted_and_told_as_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sync_module, "BATCH", 2)
    source, told = a_store(*[person(name) for name in "abcdef"]), list[int]()
    gone = {point_id(UserId(name)) for name in "acf"}
    done = sync(LocalShelf(source), LocalShelf(a_store()), told.append, gone=gone)
    assert (done.people, done.added, done.left_out, told) == (3, 3, 3, [2, 2, 2])


def test_a_second_sync_writes_nothing_and_tells_the_same_checksum():
    source, target = a_store(person("ann"), person("bob")), a_store()
    first = bring(source, target)
    written = target.last_change()
    second = bring(source, target)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 2)
    assert second.checksum == first.checksum
    assert target.last_change() == written


def test_the_checksum_tells_any_two_communities_apart():
    def checksum(*people: UserFeatures) -> str:
        return bring(a_store(*people), a_store()).checksum

    assert checksum(person("ann")) != checksum(person("ann", "x")) != checksum(person("bob")) != checksum()


def test_a_sync_that_was_cut_off_goes_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sync_module, "BATCH", 2)
    source = a_store(*[person(name) for name in "abcdef"])
    target = a_store()
    shelf = LocalShelf(target)
    written: list[int] = []

    def upsert(people):
        if len(written) == 2:
            raise StoreError("cut off")
        written.append(len(people))
        return target.upsert(people)

    shelf.upsert = upsert
    with pytest.raises(StoreError, match="cut off"):
        sync(LocalShelf(source), shelf, lambda _count: None)
    assert target.count() == 4
    assert bring(source, target).added == 2


def test_a_target_that_does_not_have_what_was_written_is_told_of():
    class Forgetful(LocalShelf):
        asked = 0

        def fingerprints(self) -> Iterator[tuple[UserId, str]]:
            self.asked += 1
            return super().fingerprints() if self.asked == 1 else iter([])

    with pytest.raises(StoreError, match="not the same after the sync"):
        sync(LocalShelf(a_store(person("ann"))), Forgetful(a_store()), lambda _count: None)


def test_between_two_files_on_this_disk(tmp_path: Path):
    one, other = SqliteFeatureStore(tmp_path / "one.db"), SqliteFeatureStore(tmp_path / "other.db")
    one.upsert([person("Ünal"), person("Zoe"), person("😀"), person("ann")])
    told: list[int] = []
    done = sync(LocalShelf(one), LocalShelf(other), told.append)
    assert (done.added, other.count(), sum(told)) == (4, 4, 4)
    one.close()
    other.close()
