"""Whether a version may hold bytes of deleted people: told from its facts, and never missed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from features.fingerprint import fingerprint
from features.identity import point_id
from features.user_features import UserFeatures
from indexer.ports import NEVER_CLEARED, Cleared, IndexVersion
from indexer.tombstones import cleared, holds_deleted, outdated
from tests.builders import NOW, a_community, features_of
from tests.fakes.stores import MemoryFeatureStore


class Tombstones:
    """Changes of a store: a tombstone is seen some seconds after it was stamped, as a transaction takes its time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._stamped: dict[UUID, tuple[float, float]] = {}
        self._back: set[UUID] = set()

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def add(self, number: int, *, stamped: float, seen: float | None = None) -> None:
        self._stamped[UUID(int=number)] = stamped, stamped if seen is None else seen
        self._back.discard(UUID(int=number))

    def come_back(self, number: int) -> None:
        self._back.add(UUID(int=number))

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        raise AssertionError("tombstones are enough")

    def deleted(self, *, since: datetime) -> list[UUID]:
        return [point for point in self.departed(since=since) if point not in self._back]

    def departed(self, *, since: datetime) -> list[UUID]:
        return [
            point
            for point, (stamped, seen) in self._stamped.items()
            if seen <= self.seconds and NOW + timedelta(seconds=stamped) >= since
        ]


def a_version(free_of: Cleared) -> IndexVersion:
    return IndexVersion("users-v1-b1", 1, 4, 1, NOW, NOW, 1.0, (), free_of)


def test_a_version_of_which_nothing_is_known_may_hold_anybody_who_was_ever_deleted():
    store = Tombstones()
    assert not holds_deleted(a_version(NEVER_CLEARED), store)
    store.add(1, stamped=-1_000_000)
    assert holds_deleted(a_version(NEVER_CLEARED), store)


def test_who_was_deleted_before_is_not_in_a_version_and_who_is_deleted_after_may_be():
    store = Tombstones()
    for stamped in (-1000, -59, -1):
        store.add(stamped + 2000, stamped=stamped)
    version = a_version(cleared(store, now=store.now))
    store.seconds = 1000
    assert not holds_deleted(version, store)
    store.add(1, stamped=999)
    assert holds_deleted(version, store)


def test_a_deletion_that_was_stamped_before_and_seen_after_is_not_missed():
    store = Tombstones()
    store.add(1, stamped=-2)
    store.add(2, stamped=-1, seen=30)
    version = a_version(cleared(store, now=store.now))
    assert not holds_deleted(version, store)
    store.seconds = 31
    assert holds_deleted(version, store)


def test_who_was_deleted_came_back_and_was_deleted_again_may_be_in_it():
    store = Tombstones()
    store.add(1, stamped=-5)
    version = a_version(cleared(store, now=store.now))
    store.seconds = 10
    store.add(1, stamped=9)
    assert holds_deleted(version, store)
    store.come_back(1)
    assert holds_deleted(version, store)


def test_who_came_back_after_a_version_was_filled_may_be_in_it_as_they_were_before():
    store = Tombstones()
    version = a_version(cleared(store, now=store.now))
    store.seconds = 10
    store.add(1, stamped=9)
    store.come_back(1)
    assert store.deleted(since=NEVER_CLEARED.at) == []
    assert holds_deleted(version, store)
    assert not holds_deleted(a_version(cleared(store, now=store.now)), store)


def test_a_version_stays_free_of_those_of_whom_it_is_free_when_they_come_back():
    store = Tombstones()
    store.add(1, stamped=-5)
    version = a_version(cleared(store, now=store.now))
    store.seconds = 10
    store.come_back(1)
    assert not holds_deleted(version, store)


def returned(*people: UserFeatures) -> set[UUID]:
    return {point_id(person.user_id) for person in people}


def test_outdated_is_who_returned_and_is_not_known_as_the_store_knows_them():
    ann, bob, cleo, dan = features_of(*a_community(4))
    store = MemoryFeatureStore()
    store.upsert([ann, bob, dan])
    named = outdated(store, returned(ann, bob, cleo))
    held = {ann.user_id: fingerprint(ann), bob.user_id: "older", cleo.user_id: fingerprint(cleo), dan.user_id: "older"}
    assert named(held) == [bob.user_id, cleo.user_id]
    assert named({ann.user_id: ""}) == [ann.user_id]
    assert named({dan.user_id: ""}) == []
    assert outdated(store, set())(held) == []


# At the very moment a version is cleared, which is stamped 0, either answer is right.
deletions = st.tuples(st.integers(0, 5), st.integers(-200, 200).filter(bool), st.floats(0, 60))
comebacks = st.tuples(st.integers(0, 5), st.none(), st.none())


@given(st.lists(deletions | comebacks, max_size=12), st.floats(0, 400))
def test_a_version_may_hold_just_those_whose_deletion_was_not_seen_when_it_was_filled(
    events: list[tuple[int, float | None, float | None]], later: float
):
    store = Tombstones()
    for number, stamped, lasts in events:
        if stamped is None or lasts is None:
            store.come_back(number)
        else:
            store.add(number, stamped=stamped, seen=stamped + lasts)
    ever = NEVER_CLEARED.at
    left_out = set(store.departed(since=ever))
    version = a_version(cleared(store, now=store.now))

    store.seconds = later

    missed = set(store.departed(since=ever)) - left_out
    assert holds_deleted(version, store) == bool(missed)
