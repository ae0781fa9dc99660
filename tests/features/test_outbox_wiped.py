"""Of people who were deleted nothing stays in the outbox, whatever gets in the way."""

from dataclasses import replace
from pathlib import Path

import pytest

from features.delivery import Delivered, deliver
from features.errors import StoreError
from features.identity import point_id
from features.outbox import Outbox
from features.profile import UserId
from tests.fakes.stores import MemoryFeatureStore
from tests.features.outboxes import ANN, LONG_AGO, a_person, artists_of


def test_nothing_of_a_deleted_person_stays_in_the_file(
    outbox: Outbox, store: MemoryFeatureStore, outbox_path: Path
) -> None:
    person = replace(a_person("unforgettable-id", "Artist Of Nobody Else"), display_name="Zaphod B")
    outbox.put(person)
    deliver(outbox, store)
    outbox.put(replace(person, display_name="Zaphod Beeblebrox"))
    outbox.remove(person.user_id)
    deliver(outbox, store)

    for file in outbox_path.parent.iterdir():
        for trace in (b"unforgettable-id", b"Artist Of Nobody Else", b"Zaphod"):
            assert trace not in file.read_bytes(), (file, trace)


def traces_in(outbox_path: Path) -> list[Path]:
    return [file for file in outbox_path.parent.iterdir() if b"unforgettable-id" in file.read_bytes()]


def test_what_a_process_that_was_killed_did_not_come_to_wipe_is_wiped_at_the_next_opening(
    outbox: Outbox, store: MemoryFeatureStore, outbox_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put(a_person("unforgettable-id"))
    outbox.remove(UserId("unforgettable-id"))
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "wipe", lambda: None)
        deliver(outbox, store)
    assert traces_in(outbox_path)

    Outbox(outbox_path).close()

    assert traces_in(outbox_path) == []


def test_a_wiping_that_fails_is_told_does_not_undo_the_delivery_and_is_tried_again(
    outbox: Outbox, store: MemoryFeatureStore, outbox_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_database: object) -> bool:
        raise StoreError("The disk is full.")

    outbox.put(a_person("unforgettable-id"))
    outbox.remove(UserId("unforgettable-id"))
    with monkeypatch.context() as patch:
        patch.setattr("features.sqlite.database.Database.clear_traces", full)
        done = deliver(outbox, store)
        assert (done.deleted, str(done.refused), outbox.depth().waiting) == (1, "The disk is full.", 0)
        assert str(deliver(outbox, store).refused) == "The disk is full."
        patch.setattr("features.sqlite.database.Database.clear_traces", lambda _: False)  # a reader was in the way
        assert deliver(outbox, store) == Delivered()
    assert traces_in(outbox_path)

    assert deliver(outbox, store) == Delivered()
    assert traces_in(outbox_path) == []


def test_who_comes_back_before_their_deletion_was_delivered_was_deleted_all_the_same(
    outbox: Outbox, store: MemoryFeatureStore
) -> None:
    store.upsert([a_person("ann", "Air"), a_person("bob")])
    outbox.remove(ANN)
    outbox.put(a_person("ann", "Moby"))
    outbox.put(a_person("ann", "Can"))
    outbox.put(a_person("bob", "Can"))

    assert [(row.user_id, row.was_deleted) for row in outbox.oldest(9)] == [("ann", True), ("bob", False)]
    assert (outbox.depth().oldest or LONG_AGO) > LONG_AGO
    assert deliver(outbox, store) == Delivered(written=2, deleted=1)
    assert artists_of(store.get([ANN])[ANN]) == {"Can"}
    assert store.departed(since=LONG_AGO) == [point_id(ANN)]
    outbox.put(a_person("ann", "Air"))
    assert not outbox.get([ANN])[ANN].was_deleted
