from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.delivery import Delivered, deliver, deliver_all
from features.errors import StoreError
from features.identity import point_id
from features.outbox import Outbox
from features.profile import UserId
from features.settled import Settled
from features.user_features import UserFeatures
from tests.fakes.stores import MemoryFeatureStore
from tests.faults import Breakable
from tests.features.outboxes import ANN, BOB, CLEO, LONG_AGO, a_person, artists_of


def test_what_was_put_is_there_after_a_restart_word_for_word(outbox: Outbox, outbox_path: Path) -> None:
    outbox.put(a_person("ann", "Sigur Rós"))
    outbox.remove(BOB)
    outbox.close()

    first, second = Outbox(outbox_path).oldest(10)

    assert first.person is not None
    assert first.person.listening == a_person("ann", "Sigur Rós").listening
    assert first.person.artist is not None
    assert (first.person.artist == a_person("ann", "Sigur Rós").artist).all()
    assert (second.user_id, second.person) == (BOB, None)


def test_a_write_is_synced_to_the_disk_before_it_is_said_to_be_done(outbox: Outbox) -> None:
    with outbox._database.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: also a power cut loses nothing
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_only_the_newest_state_of_a_person_waits(outbox: Outbox) -> None:
    outbox.put(a_person("ann", "Air"))
    outbox.put(a_person("bob"))
    outbox.remove(ANN)
    outbox.put(a_person("ann", "Moby"))

    assert [(row.user_id, artists_of(row.person)) for row in outbox.oldest(10)] == [
        ("bob", {"Nick Drake"}),
        ("ann", {"Moby"}),
    ]
    assert outbox.get([ANN, CLEO]).keys() == {"ann"}
    assert outbox.ids() == {"ann", "bob"}


def test_how_much_waits_and_since_when_is_told(outbox_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    times = iter([now, now + timedelta(seconds=5)])
    outbox = Outbox(outbox_path, clock=lambda: next(times))
    assert outbox.depth().waiting == 0
    assert outbox.depth().oldest is None
    outbox.put(a_person("ann"))
    outbox.put(a_person("bob"))

    assert outbox.depth().waiting == 2
    assert outbox.depth().oldest == now
    outbox.close()


def test_all_that_waits_comes_in_batches_the_oldest_first(outbox: Outbox) -> None:
    for number in range(5):
        outbox.put(a_person(f"p{number}"))

    assert [[row.user_id for row in batch] for batch in outbox.batches(2)] == [["p0", "p1"], ["p2", "p3"], ["p4"]]


def test_a_delivery_takes_people_and_deletions_to_the_store_and_forgets_them(
    outbox: Outbox, store: MemoryFeatureStore
) -> None:
    store.upsert([a_person("bob"), a_person("cleo")])
    outbox.put(a_person("ann", "Air"))
    outbox.remove(BOB)
    outbox.put(a_person("cleo", "Moby"))

    assert deliver(outbox, store) == Delivered(written=2, deleted=1)

    assert {u: artists_of(p) for u, p in store.get([ANN, BOB, CLEO]).items()} == {"ann": {"Air"}, "cleo": {"Moby"}}
    assert store.deleted(since=LONG_AGO) == [point_id(BOB)]
    assert outbox.depth().waiting == 0
    assert deliver(outbox, store) == Delivered()


def test_a_delivery_takes_no_more_than_asked_and_all_are_taken_in_the_end(
    outbox: Outbox, store: MemoryFeatureStore
) -> None:
    for number in range(5):
        outbox.put(a_person(f"p{number}"))

    assert deliver(outbox, store, most=2).written == 2
    assert store.count() == 2
    assert deliver_all(outbox, store, most=2).written == 3
    assert store.count() == 5


def test_what_comes_while_an_older_state_is_delivered_still_waits(outbox: Outbox, store: MemoryFeatureStore) -> None:
    class Slow(MemoryFeatureStore):
        def upsert(self, people: Any, **more: Any) -> Any:
            outbox.put(a_person("ann", "Moby"))
            return store.upsert(people, **more)

    outbox.put(a_person("ann", "Air"))
    deliver(outbox, Slow())
    assert artists_of(store.get([ANN])[ANN]) == {"Air"}
    assert outbox.depth().waiting == 1

    deliver(outbox, store)
    assert artists_of(store.get([ANN])[ANN]) == {"Moby"}


def test_what_is_delivered_counts_as_a_change_although_the_store_knew_it(
    outbox: Outbox, store: MemoryFeatureStore
) -> None:
    store.upsert([a_person("ann")])
    before = store.last_change()
    assert before is not None
    outbox.put(a_person("ann", "Air"))  # which an index that was live for a while may have seen
    outbox.put(a_person("ann"))
    deliver(outbox, store)

    assert [person.user_id for batch in store.scan(since=before + timedelta(microseconds=1)) for person in batch] == [
        ANN
    ]


def test_a_store_that_refuses_loses_nothing(outbox: Outbox, store: MemoryFeatureStore) -> None:
    broken = Breakable(store)
    broken.is_broken = True
    outbox.put(a_person("ann"))
    outbox.remove(BOB)

    assert deliver(outbox, broken).refused is not None
    with pytest.raises(StoreError):
        deliver_all(outbox, broken)
    assert outbox.ids() == {"ann", "bob"}

    broken.is_broken = False
    assert deliver_all(outbox, broken) == Delivered(written=1, deleted=1)


def test_one_whom_the_store_cannot_take_keeps_nobody_else_waiting(outbox: Outbox, store: MemoryFeatureStore) -> None:
    class Picky(MemoryFeatureStore):
        def upsert(self, people: Any, **more: Any) -> Any:
            if any(person.user_id == "bob" for person in people):
                raise StoreError("Not bob.")
            return store.upsert(people, **more)

    for user_id in ("ann", "bob", "cleo"):
        outbox.put(a_person(user_id))

    done = deliver(outbox, Picky())

    assert (done.written, str(done.refused)) == (2, "Not bob.")
    assert outbox.ids() == {"bob"}


def test_a_file_that_is_no_outbox_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"this is not SQLite at all, and never was")

    with pytest.raises(StoreError):
        Outbox(tmp_path / "outbox.db")


def test_an_index_that_follows_the_store_is_not_led_back_behind_what_waits(
    outbox: Outbox, store: MemoryFeatureStore
) -> None:
    store.upsert([a_person("ann", "Air"), a_person("bob"), a_person("cleo")])
    store.delete([CLEO])
    outbox.put(a_person("ann", "Moby"))
    outbox.put(a_person("cleo"))
    settled = Settled(store, outbox)

    assert [[person.user_id for person in batch] for batch in settled.scan(since=LONG_AGO)] == [["bob"]]
    assert settled.deleted(since=LONG_AGO) == []
    assert settled.departed(since=LONG_AGO) == [point_id(CLEO)]
    deliver(outbox, store)
    assert [[p.user_id for p in batch] for batch in settled.scan(since=LONG_AGO)] == [["ann", "bob", "cleo"]]


def test_a_state_that_is_delivered_while_the_store_is_read_does_not_pass_for_the_older_one(
    outbox: Outbox, store: MemoryFeatureStore
) -> None:
    class Delivering(MemoryFeatureStore):
        """Reads, and lets the delivery happen before the answer is looked at."""

        def scan(self, **more: Any) -> Iterator[list[UserFeatures]]:
            batches = list(store.scan(**more))
            deliver(outbox, store)
            yield from batches

    store.upsert([a_person("ann", "Air")])
    outbox.remove(ANN)

    assert [person for batch in Settled(Delivering(), outbox).scan() for person in batch] == []


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "deliver", "fail"]), st.sampled_from("abc"), st.integers(0, 2)),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_after_any_writes_and_deliveries_the_store_ends_in_the_state_acknowledged_last(
    steps: list[tuple[str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outbox, store = Outbox(tmp_path_factory.mktemp("outbox") / "outbox.db"), Breakable(MemoryFeatureStore())
    wanted: dict[str, set[str]] = {}
    for step, user_id, number in steps:
        store.is_broken = step == "fail"
        if step == "put":
            outbox.put(a_person(user_id, f"artist {number}"))
            wanted[user_id] = {f"artist {number}"}
        elif step == "remove":
            outbox.remove(UserId(user_id))
            wanted.pop(user_id, None)
        else:
            deliver(outbox, store, most=2)
    store.is_broken = False

    deliver_all(outbox, store)

    assert {person.user_id: person.listening.artists for batch in store.scan() for person in batch} == wanted
    outbox.close()
