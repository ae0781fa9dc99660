import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from features.delivery import deliver
from features.fingerprint import fingerprint
from features.identity import point_id
from features.listener import listener_of
from features.profile import UserId
from indexer.follow import vectors_of
from indexer.payload import CONTENT
from retriever.app import create_app
from retriever.errors import Overloaded
from retriever.observe.metrics import Metrics
from retriever.parts import Parts
from retriever.reconcile import Differences, Reconciled, Reconciler, differences
from tests.builders import NOW, a_community
from tests.faults import Breakable, Hanging
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NONE = Differences((), (), ())
STATES = st.dictionaries(st.sampled_from("abcdef").map(UserId), st.sampled_from(["1", "2"]))


@pytest.fixture
def parts(world: SmallWorld) -> Iterator[Parts]:
    parts = world.parts()
    yield parts
    parts.close()


@given(wanted=STATES, found=STATES)
def test_applying_the_differences_leads_from_what_is_found_to_what_is_wanted(
    wanted: dict[UserId, str], found: dict[UserId, str]
) -> None:
    plan = differences(wanted, found)

    mended = {u: c for u, c in found.items() if u not in plan.extra}
    mended |= {u: wanted[u] for u in (*plan.missing, *plan.stale)}
    assert mended == wanted
    assert set(plan.missing).isdisjoint(found)
    assert set(plan.stale) <= found.keys()
    assert (plan == NONE) == (wanted == found)


def somebody_else(world: SmallWorld, user_id: str, number: int = 1) -> None:
    other = a_community(number + 1)[number].model_copy(update={"user_id": user_id})
    world.store.upsert(world.builder.build([listener_of(other)], now=NOW, consent=True))


def drift(world: SmallWorld, parts: Parts) -> None:
    """One is missing, one is too many, one is stale in the index, without the stores knowing."""
    with parts.live.lease() as unit:
        point = unit.index.get([UserId("person-0")])[UserId("person-0")]
        unit.index.delete([point_id(UserId("person-1"))])
        unit.index.upsert([type(point)(UserId("intruder"), point.vector, point.payload)])
        unit.index.upsert([type(point)(UserId("person-2"), point.vector, point.payload)])


def test_two_stores_that_agree_have_no_differences(parts: Parts) -> None:
    assert parts.reconciler.compare() == NONE
    assert parts.reconciler.mend() == NONE


def test_every_kind_of_difference_is_found_then_mended_then_gone(world: SmallWorld, parts: Parts) -> None:
    drift(world, parts)
    found = Differences((UserId("person-1"),), (UserId("intruder"),), (UserId("person-2"),))

    assert parts.reconciler.compare() == found
    assert parts.reconciler.compare() == found  # looking changes nothing
    assert parts.reconciler.mend() == found
    assert parts.reconciler.compare() == NONE
    assert point_id(UserId("intruder")) in world.store.deleted(since=LONG_AGO)  # so that their bytes are erased, too
    with parts.live.lease() as unit:
        known = world.store.get([UserId("person-2")])[UserId("person-2")]
        (right,) = vectors_of([known], unit.embedder)
        assert unit.index.get([UserId("person-2")])[UserId("person-2")].payload == right.payload


def test_what_waits_in_the_outbox_is_what_is_wanted_and_is_delivered(world: SmallWorld, parts: Parts) -> None:
    newcomer = a_community(1)[0].model_copy(update={"user_id": "newcomer"})
    (person,) = world.builder.build([listener_of(newcomer)], now=NOW, consent=True)
    parts.outbox.put(person)
    parts.outbox.remove(UserId("person-3"))

    assert parts.reconciler.compare() == Differences((UserId("newcomer"),), (UserId("person-3"),), ())
    parts.reconciler.mend()

    assert parts.reconciler.compare() == NONE
    assert parts.outbox.depth().waiting == 0
    assert world.store.get([UserId("newcomer"), UserId("person-3")]).keys() == {"newcomer"}
    assert deliver(parts.outbox, world.store).written == 0


@pytest.mark.parametrize("leaves", [True, False])
def test_who_leaves_or_joins_anew_while_the_stores_are_compared_stays_so(world: SmallWorld, leaves: bool) -> None:
    person_1 = UserId("person-1")
    other = a_community(3)[2].model_copy(update={"user_id": person_1})
    (anew,) = world.builder.build([listener_of(other)], now=NOW, consent=True)

    class Meanwhile(Breakable):
        """A store in which, as soon as everybody was looked at, somebody writes."""

        def scan(self, **more: Any) -> Iterator[Any]:
            yield from world.store.scan(**more)
            if leaves:
                parts.members.forget(person_1)
            else:
                parts.members.join(anew)

    parts = world.parts()
    reconciler = Reconciler(parts.live, parts.outbox, Meanwhile(world.store))  # type: ignore[arg-type]
    with parts.live.lease() as unit:
        unit.index.delete([point_id(person_1)])

    reconciler.mend()

    with parts.live.lease() as unit:
        point = unit.index.get([person_1]).get(person_1)
        assert (None if point is None else point.payload[CONTENT]) == (None if leaves else fingerprint(anew))
    assert parts.outbox.depth().waiting == 1
    parts.close()


def test_only_one_reconciliation_is_at_it_at_a_time(world: SmallWorld, parts: Parts) -> None:
    hanging = Hanging(world.store)
    reconciler = Reconciler(parts.live, parts.outbox, hanging)  # type: ignore[arg-type]
    hanging.released.clear()
    first = threading.Thread(target=reconciler.mend)
    first.start()
    until(lambda: hanging.held)

    with pytest.raises(Overloaded, match="already"):
        reconciler.mend()

    hanging.released.set()
    first.join(60)
    assert reconciler.mend() == NONE


def test_only_some_examples_are_told() -> None:
    many = Differences(tuple(UserId(str(number)) for number in range(30)), (), ())

    told = Reconciled.of(many, dry_run=True)

    assert (told.missing, told.examples) == (30, many.missing[:20])


def test_a_store_that_was_restored_from_a_backup_is_followed(world: SmallWorld, parts: Parts) -> None:
    somebody_else(world, "person-4", number=2)
    somebody_else(world, "restored")

    assert parts.reconciler.mend() == Differences((UserId("restored"),), (), (UserId("person-4"),))


def test_the_server_reconciles_when_it_is_told_to(world: SmallWorld) -> None:
    opened: list[Parts] = []

    def parts(metrics: Metrics) -> Parts:
        opened.append(world.parts(metrics, SETTINGS.model_copy(update={"follow_every_s": 60})))
        return opened[0]

    with TestClient(create_app(parts, SETTINGS)) as api:
        drift(world, opened[0])

        looked = api.post("/v1/admin/reconcile?dry_run=true").json()
        mended = api.post("/v1/admin/reconcile").json()
        again = api.post("/v1/admin/reconcile").json()

    assert looked == {
        "dry_run": True,
        "missing": 1,
        "extra": 1,
        "stale": 1,
        "examples": ["person-1", "intruder", "person-2"],
    }
    assert mended == {**looked, "dry_run": False}
    assert again == {"dry_run": False, "missing": 0, "extra": 0, "stale": 0, "examples": []}
