import threading
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import replace

import pytest

from features.profile import UserId
from retriever.errors import Overloaded
from retriever.given_up import a_request, raise_if_given_up
from retriever.members import Members
from retriever.parts import Parts
from tests.small_world import SmallWorld

PERSON_3 = UserId("person-3")


@pytest.fixture
def parts(world: SmallWorld) -> Iterator[Parts]:
    parts = world.parts()
    yield parts
    parts.close()


def test_nothing_is_written_for_a_request_that_was_given_up(world: SmallWorld, parts: Parts) -> None:
    newcomer = replace(world.store.get([PERSON_3])[PERSON_3], user_id=UserId("newcomer"))
    with a_request():
        in_its_threads = copy_context()

    with pytest.raises(Overloaded, match="given up"):
        in_its_threads.run(parts.members.join, newcomer)
    with pytest.raises(Overloaded, match="given up"):
        in_its_threads.run(parts.members.forget, PERSON_3)

    assert parts.outbox.depth().waiting == 0
    with parts.live.lease() as unit:
        assert unit.index.get([UserId("newcomer"), PERSON_3]).keys() == {PERSON_3}


def test_while_somebody_waits_work_goes_on_in_any_thread() -> None:
    found = []
    with a_request():
        context = copy_context()
        thread = threading.Thread(target=lambda: found.append(context.run(raise_if_given_up)))
        thread.start()
        thread.join(60)

    assert found == [None]
    raise_if_given_up()  # and where there is no request at all


def test_a_deletion_is_told_of_before_it_is_done_and_once_more_when_nobody_can_find_them(parts: Parts) -> None:
    still_found = []

    def on_forget(user_id: UserId) -> None:
        with parts.live.lease() as unit:
            still_found.append(bool(unit.index.get([user_id])))

    Members(parts.live, parts.outbox, parts.reconciler._store, on_forget).forget(PERSON_3)

    assert still_found == [True, False]
