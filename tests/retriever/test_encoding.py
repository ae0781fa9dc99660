import threading
from collections.abc import Iterator, Sequence

import pytest

from features.errors import TextModelError
from features.listener import Listener, listener_of
from features.user_features import UserFeatures
from retriever.encoding import EncodingQueue
from retriever.errors import Overloaded
from retriever.lanes import MUCH, Lanes
from tests.builders import a_playlist, a_profile, features_of


def a_listener(user_id: str) -> Listener:
    return listener_of(a_profile(user_id, a_playlist("p", "Air")))


class Builder:
    """Makes features, one batch at a time, each of them only once it is let go on."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.error: Exception | None = None
        self.poison = "poison"

    def __call__(self, listeners: Sequence[Listener]) -> list[UserFeatures]:
        self.batches.append([listener.user_id for listener in listeners])
        self.begun.release()
        self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        if self.poison in self.batches[-1]:
            raise ZeroDivisionError
        return [features_of(a_profile(listener.user_id, a_playlist("p", "Air")))[0] for listener in listeners]


@pytest.fixture
def build() -> Builder:
    return Builder()


@pytest.fixture
def encoding(build: Builder) -> Iterator[EncodingQueue]:
    encoding = EncodingQueue(build, most_waiting=4, batch=3)
    encoding.start()
    yield encoding
    build.go_on.set()
    encoding.stop()


def test_who_comes_while_others_are_encoded_is_encoded_together(encoding: EncodingQueue, build: Builder) -> None:
    first = encoding.submit([a_listener("ann")])
    build.begun.acquire()
    others = [encoding.submit([a_listener(user_id)]) for user_id in ("bob", "cleo", "dan", "eve")]
    assert encoding.depth == 4
    build.go_on.set()

    assert [person.user_id for person in first.result(10)] == ["ann"]
    assert [person.user_id for other in others for person in other.result(10)] == ["bob", "cleo", "dan", "eve"]
    assert build.batches == [["ann"], ["bob", "cleo", "dan"], ["eve"]]


def test_a_request_with_many_people_gets_them_all_in_their_order(encoding: EncodingQueue, build: Builder) -> None:
    build.go_on.set()
    names = [f"p{number}" for number in range(7)]

    found = encoding.submit([a_listener(name) for name in names]).result(10)

    assert [person.user_id for person in found] == names


def test_a_batch_is_full_by_its_people_and_not_by_its_requests(encoding: EncodingQueue, build: Builder) -> None:
    encoding.submit([a_listener("ann")])
    build.begun.acquire()
    others = [encoding.submit([a_listener(name) for name in names]) for names in ("bc", "de", "f")]
    build.go_on.set()

    assert [person.user_id for other in others for person in other.result(10)] == ["b", "c", "d", "e", "f"]
    assert build.batches == [["ann"], ["b", "c", "d", "e"], ["f"]]


def test_a_text_model_that_hangs_does_not_hold_up_the_end(encoding: EncodingQueue, build: Builder) -> None:
    encoding.submit([a_listener("ann")])
    build.begun.acquire()
    assert not encoding.stop(0.01)
    for _ in range(3):
        encoding.submit([a_listener("bob")])
    assert not encoding.stop(0.01)  # there is not even room for the word


def test_more_than_may_wait_are_refused_at_once(encoding: EncodingQueue, build: Builder) -> None:
    encoding.submit([a_listener("ann")])
    build.begun.acquire()
    for _ in range(4):
        encoding.submit([a_listener("bob")])

    with pytest.raises(Overloaded):
        encoding.submit([a_listener("cleo")])


def test_one_profile_that_breaks_the_encoding_does_not_fail_its_neighbours(
    encoding: EncodingQueue, build: Builder
) -> None:
    encoding.submit([a_listener("ann")])
    build.begun.acquire()
    bob, poison = encoding.submit([a_listener("bob")]), encoding.submit([a_listener("poison")])
    build.go_on.set()

    assert bob.result(10)[0].user_id == "bob"
    assert isinstance(poison.exception(10), ZeroDivisionError)


def test_a_text_model_that_is_missing_is_not_asked_again_for_each(encoding: EncodingQueue, build: Builder) -> None:
    encoding.submit([a_listener("ann")])
    build.begun.acquire()
    others = [encoding.submit([a_listener(user_id)]) for user_id in ("bob", "cleo")]
    build.error = TextModelError("No model.")
    build.go_on.set()

    assert all(isinstance(other.exception(10), TextModelError) for other in others)
    assert build.batches == [["ann"], ["bob", "cleo"]]


def test_who_has_given_up_is_not_encoded(encoding: EncodingQueue, build: Builder) -> None:
    encoding.submit([a_listener("ann")])
    build.begun.acquire()
    gone, last = encoding.submit([a_listener("gone")]), encoding.submit([a_listener("last")])
    gone.cancel()
    build.go_on.set()

    assert last.result(10)[0].user_id == "last"
    assert build.batches == [["ann"], ["last"]]


def test_who_brings_very_much_keeps_nobody_waiting_who_brings_little(build: Builder) -> None:
    quick = Builder()
    quick.go_on.set()
    lanes = Lanes(EncodingQueue(quick, most_waiting=4, batch=3), EncodingQueue(build, most_waiting=4, batch=3))
    lanes.start()
    much = listener_of(a_profile("much", a_playlist("p", *map(str, range(MUCH + 1)))))
    slow = lanes.submit([much])
    build.begun.acquire()

    assert lanes.submit([a_listener("ann")]).result(10)[0].user_id == "ann"
    assert not lanes.stop(0.01)
    build.go_on.set()
    assert slow.result(10)[0].user_id == "much"
    assert build.batches == [["much"]]


def test_those_who_wait_in_either_lane_are_counted_and_waited_for(build: Builder) -> None:
    other = Builder()
    lanes = Lanes(EncodingQueue(build, most_waiting=4, batch=1), EncodingQueue(other, most_waiting=4, batch=1))
    lanes.start()
    much = listener_of(a_profile("much", a_playlist("p", *map(str, range(MUCH + 1)))))
    for builder, listener in ((build, a_listener("ann")), (other, much)):
        lanes.submit([listener])
        builder.begun.acquire()
        lanes.submit([listener])

    assert lanes.depth == 2
    other.go_on.set()
    for _ in range(2):  # the second time, the other lane has ended
        assert not lanes.stop(0.1)
    build.go_on.set()
    assert lanes.stop(10)


def test_what_waits_at_the_end_is_still_encoded(build: Builder) -> None:
    told: list[int] = []
    encoding = EncodingQueue(build, most_waiting=4, batch=3, on_batch=lambda people, _seconds: told.append(people))
    encoding.start()
    ann = encoding.submit([a_listener("ann")])
    build.begun.acquire()
    bob = encoding.submit([a_listener("bob")])
    build.go_on.set()

    encoding.stop()

    assert (ann.result(0)[0].user_id, bob.result(0)[0].user_id) == ("ann", "bob")
    assert told == [1, 1]
