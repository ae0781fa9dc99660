import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from features.delivery import deliver
from features.identity import point_id
from features.listener import listener_of
from features.outbox import Outbox
from features.profile import UserId
from features.settled import Settled
from features.sqlite.writes import microseconds
from indexer.build import BuildOptions, build_version
from indexer.errors import IndexUnavailable
from indexer.terms import artist_numbers
from retriever.live import Live
from retriever.members import Members
from retriever.opening import Sources
from tests.builders import NOW, a_community, a_playlist, a_profile
from tests.fakes.index import FoldingEmbedder
from tests.faults import Breakable
from tests.small_world import SmallWorld
from trainer.errors import NoModel


@pytest.fixture
def store(world: SmallWorld) -> Breakable:
    return Breakable(world.store)


@pytest.fixture
def live(world: SmallWorld, store: Breakable) -> Iterator[Live]:
    live = Live(sources(world, changes=store))
    yield live
    live.close()


def sources(world: SmallWorld, **others: Any) -> Sources:
    given = Sources(
        world.catalog, world.store, Outbox(world.folder / "outbox.db"), world.store.catalog, lambda _v: world.embedder
    )
    return replace(given, **others)


def known(live: Live, user_id: str) -> bool:
    with live.lease() as unit:
        return bool(unit.index.get([UserId(user_id)]))


def join(world: SmallWorld, user_id: str) -> None:
    newcomer = listener_of(a_community(1)[0].model_copy(update={"user_id": user_id}))
    world.store.upsert(world.builder.build([newcomer], now=NOW, consent=True))


def test_what_was_missed_while_the_store_was_gone_is_made_up_for(
    world: SmallWorld, store: Breakable, live: Live
) -> None:
    join(world, "newcomer")
    store.is_broken = True
    live.follow()
    assert live.trouble is not None
    assert "The disk is gone" in live.trouble
    assert not known(live, "newcomer")

    store.is_broken = False
    live.follow()

    assert live.trouble is None
    assert known(live, "newcomer")


def test_a_request_under_way_keeps_its_version_until_it_is_over(world: SmallWorld, live: Live) -> None:
    with live.lease() as unit:
        world.publish()
        live.follow()
        assert unit.index.count() == 40
    live.follow()
    with pytest.raises(IndexUnavailable):
        unit.index.count()


def test_a_version_whose_model_is_missing_is_not_moved_over_to(
    world: SmallWorld, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_version: int) -> Any:
        raise NoModel("There is no model 3.")

    with live.lease() as unit:
        before = unit.index.version.name
    world.publish()
    monkeypatch.setattr(live, "_sources", sources(world, load_embedder=missing))
    live.follow()

    assert "no model 3" in (live.trouble or "")
    with live.lease() as unit:
        assert unit.index.version.name == before


def test_a_version_whose_model_makes_vectors_of_another_width_is_not_moved_over_to(
    world: SmallWorld, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = live.version.name
    world.publish()
    wider = FoldingEmbedder(version=3, width=32)
    monkeypatch.setattr(live, "_sources", sources(world, load_embedder=lambda _version: wider))
    live.follow()

    assert "width 32" in (live.trouble or "")
    assert live.version.name == before


def test_who_was_deleted_by_another_process_is_told_of(world: SmallWorld) -> None:
    told: list[UUID] = []
    live = Live(sources(world), on_deleted=told.extend)
    join(world, "newcomer")
    live.follow()
    assert told == []

    world.store.delete([UserId("newcomer")])
    live.follow()

    assert told == [point_id(UserId("newcomer"))]
    live.close()


def test_a_version_that_cannot_be_opened_does_not_keep_the_live_one_from_following(
    world: SmallWorld, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_version: int) -> Any:
        raise NoModel("There is no model 3.")

    world.publish()
    monkeypatch.setattr(live, "_sources", sources(world, load_embedder=missing))
    world.store.delete([UserId("person-3")])
    join(world, "newcomer")
    live.follow()

    assert "no model 3" in (live.trouble or "")
    assert not known(live, "person-3")
    assert known(live, "newcomer")


def test_a_write_of_a_clock_that_is_late_is_followed_too(
    world: SmallWorld, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.follow()
    monkeypatch.setattr(world.store, "_clock", lambda: datetime.now(UTC) - timedelta(hours=1))
    world.store.delete([UserId("person-3")])
    live.follow()

    assert not known(live, "person-3")


def test_who_is_just_being_delivered_is_not_passed_by(world: SmallWorld) -> None:
    outbox = Outbox(world.folder / "outbox.db")
    live = Live(sources(world, changes=Settled(world.store, outbox), outbox=outbox))
    outbox.remove(UserId("person-3"))  # by another process
    with outbox.delivering():
        world.store.delete([UserId("person-3")])
        live.follow()
        assert known(live, "person-3")
        outbox.settle(outbox.oldest(1))
    live.follow()

    assert not known(live, "person-3")
    live.close()
    outbox.close()


def test_who_leaves_and_comes_back_the_same_is_there_after_a_rollback(world: SmallWorld) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    with closing(sqlite3.connect(world.store.path)) as database, database:
        database.execute("UPDATE people SET written_at = ?", (microseconds(past),))
    outbox = Outbox(world.folder / "outbox.db")
    live = Live(sources(world, changes=Settled(world.store, outbox), outbox=outbox))
    members, person_3 = Members(live, outbox, world.store), UserId("person-3")
    before = world.store.get([person_3])[person_3]
    members.forget(person_3)
    world.publish()
    live.follow()
    members.join(before)
    deliver(outbox, world.store)
    world.catalog.rollback()
    live.follow()

    assert known(live, "person-3")
    live.close()
    outbox.close()


def test_what_the_index_has_already_is_not_written_again(world: SmallWorld, live: Live) -> None:
    join(world, "newcomer")
    live.follow()
    generation = live.generation
    with live.lease() as unit:
        (point,) = unit.index.get([UserId("newcomer")]).values()
        unit.index.upsert([point])
    person = world.store.get([UserId("newcomer")])[UserId("newcomer")]
    world.store.upsert([person], anew=True)
    for _ in range(3):
        live.follow()

    assert live.generation == generation


def test_what_was_followed_once_is_not_asked_for_again(world: SmallWorld, store: Breakable, live: Live) -> None:
    join(world, "newcomer")
    live.follow()
    asked = store.asked
    live.follow()

    assert store.asked == asked + 1  # when it last changed


def test_who_was_deleted_before_a_rollback_stays_gone_after_it(world: SmallWorld, live: Live) -> None:
    world.publish()
    live.follow()
    world.store.delete([UserId("person-3")])
    world.catalog.rollback()
    live.follow()

    assert not known(live, "person-3")
    assert known(live, "person-4")


def test_a_version_that_is_replaced_and_dropped_while_it_is_opened_is_no_trouble(world: SmallWorld) -> None:
    class Replacing:
        """A catalogue in which an eraser is quicker, once."""

        def __init__(self) -> None:
            self.first = world.catalog.live().name

        def open(self, name: str) -> Any:
            if name == self.first:
                fresh = build_version(world.store, world.embedder, world.catalog, BuildOptions())
                assert world.catalog.replace(self.first, fresh.name)
                assert world.catalog.drop(self.first)
            return world.catalog.open(name)

        def __getattr__(self, name: str) -> Any:
            return getattr(world.catalog, name)

    catalog = Replacing()
    live = Live(sources(world, catalog=catalog))

    assert live.version.name == world.catalog.live().name != catalog.first
    live.close()


def test_after_the_end_nothing_is_lent(world: SmallWorld, live: Live) -> None:
    live.close()

    with pytest.raises(IndexUnavailable, match="stopping"), live.lease():
        pass
    index = world.catalog.open(world.catalog.live().name)
    index.delete([point_id(UserId("person-1"))])
    index.close()


def test_how_many_know_an_artist_is_learnt_anew_when_it_is_asked_for(world: SmallWorld, live: Live) -> None:
    (number,) = artist_numbers(["Nobody Knew Them"])
    unheard = a_profile("fan", a_playlist("p", "Nobody Knew Them"))
    world.store.upsert(world.builder.build([listener_of(unheard)], now=NOW, consent=True))
    assert number not in live.people

    live.count_popularity()

    assert live.people[number] == 1
