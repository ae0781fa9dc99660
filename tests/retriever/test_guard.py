import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from features.errors import StoreError, UnknownUser
from features.profile import UserId
from features.user_features import UserFeatures
from retriever.guard import Guard, GuardedCatalog, GuardedStore, Patience
from tests.builders import a_playlist, a_profile, features_of
from tests.fakes.stores import MemoryFeatureStore
from tests.faults import Breakable, Hanging

HANGS = """
import threading
from features.errors import StoreError
from retriever.guard import Guard, Patience
try:
    Guard("feature store", Patience(deadline_s=0.01)).call(threading.Event().wait)
except StoreError as error:
    print(error.what)
"""
ANN = UserId("ann")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def guard() -> Guard:
    return Guard("feature store", Patience(deadline_s=60, failures=2, reopen_s=60), at_once=1)


@pytest.fixture
def impatient() -> Guard:
    return Guard("feature store", Patience(deadline_s=1, failures=2, reopen_s=60), at_once=1)


@pytest.fixture
def real() -> MemoryFeatureStore:
    store = MemoryFeatureStore()
    store.upsert(features_of(a_profile("ann", a_playlist("p", "Air"))))
    return store


def test_a_call_that_takes_too_long_is_given_up(impatient: Guard) -> None:
    release = threading.Event()

    with pytest.raises(StoreError, match=r"did not answer within 1 s"):
        impatient.call(release.wait)
    release.set()


def test_after_some_failures_nobody_asks_a_store_that_is_down(guard: Guard, real: MemoryFeatureStore) -> None:
    broken = Breakable(real)
    store = GuardedStore(broken, guard)
    broken.is_broken = True

    for _ in range(20):
        with pytest.raises(StoreError):
            store.count()

    assert broken.asked == 2
    assert guard.is_open


def test_a_store_that_is_back_is_asked_again(real: MemoryFeatureStore) -> None:
    broken = Breakable(real)
    guard = Guard("feature store", Patience(deadline_s=60, failures=2, reopen_s=0.05), at_once=1)
    store = GuardedStore(broken, guard)
    broken.is_broken = True
    for _ in range(2):
        with pytest.raises(StoreError):
            store.count()
    broken.is_broken = False

    threading.Event().wait(0.06)

    assert store.count() == 1
    assert not guard.is_open


def test_an_error_that_is_not_the_stores_fault_does_not_count(guard: Guard) -> None:
    def nobody() -> None:
        raise UnknownUser("Nobody.")

    for _ in range(5):
        with pytest.raises(UnknownUser):
            guard.call(nobody)

    assert not guard.is_open


def test_a_store_that_hangs_keeps_the_next_caller_no_longer_than_the_deadline(
    impatient: Guard, real: MemoryFeatureStore
) -> None:
    hanging = Hanging(real)
    store = GuardedStore(hanging, impatient)
    hanging.released.clear()

    for _ in range(2):  # the second one does not even get a thread
        with pytest.raises(StoreError, match="did not answer"):
            store.get([ANN])
    with pytest.raises(StoreError, match="for a while"):
        store.get([ANN])
    hanging.released.set()


def test_a_scan_that_hangs_halfway_is_given_up(impatient: Guard, real: MemoryFeatureStore) -> None:
    release = threading.Event()

    class Halfway(Breakable):
        def scan(self, **_more: object) -> Iterator[list[UserFeatures]]:
            yield [*real.get([ANN]).values()]
            release.wait()

    batches = GuardedStore(Halfway(real), impatient).scan()  # type: ignore[arg-type]
    assert [person.user_id for person in next(batches)] == ["ann"]
    with pytest.raises(StoreError, match="did not answer"):
        next(batches)
    release.set()


def test_a_program_ends_although_a_store_hangs() -> None:
    run = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False)

    assert (run.returncode, run.stdout) == (0, "The feature store did not answer within 0.01 s.\n")


def test_a_guarded_store_does_what_the_store_does(guard: Guard, real: MemoryFeatureStore) -> None:
    store = GuardedStore(real, guard)
    bob = features_of(a_profile("bob", a_playlist("p", "Moby")))

    assert store.upsert(bob).added == 1
    assert store.get([ANN, UserId("bob")]).keys() == {"ann", "bob"}
    assert [[person.user_id for person in batch] for batch in store.scan(batch_size=1)] == [["ann"], ["bob"]]
    assert store.delete(iter([ANN])) == 1
    assert len(store.deleted(since=LONG_AGO)) == len(store.departed(since=LONG_AGO)) == 1
    assert store.last_change() == real.last_change()
    assert store.count() == 1


def test_a_catalogue_that_is_down_knows_nothing(guard: Guard, real: MemoryFeatureStore) -> None:
    broken = Breakable(real.catalog)
    catalog = GuardedCatalog(broken, guard)
    assert catalog.facts(["Air"])["Air"].people == 1
    assert catalog.popularity()[0] == {"air": 1}
    broken.is_broken = True

    assert catalog.facts(["Air"]) == {}
    with pytest.raises(StoreError):
        catalog.popularity()
