"""Turns, retries and failures of requests to a site of MetaBrainz, over real HTTP on loopback."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SourceUnavailable
from features.metabrainz.database import metabrainz_database
from features.metabrainz.pace import MOST_POSTPONED_S, Pace
from features.metabrainz.shapes import mbid, part, rows, whole
from features.metabrainz.web import Deadline, Patience, Web
from tests.fakes.web import Asked, FakeSite, Reply

QUICK = Patience(tries=3, back_off_s=0.001, timeout_s=1)


class Echo(FakeSite):
    def answer(self, asked: Asked) -> Reply:
        return Reply(document={"path": asked.path, **asked.query})


class Clock:
    """A wall clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_pace(tmp_path: Path, clock: Clock) -> Callable[..., Pace]:
    def made(site: str = "Echo", every_s: float = 1.0) -> Pace:
        return Pace(metabrainz_database(tmp_path), site, every_s, clock=clock, sleep=clock.sleep)

    return made


@pytest.fixture
def site() -> Iterator[Echo]:
    with Echo() as site:
        yield site


@pytest.fixture
def web(site: Echo, a_pace: Callable[..., Pace]) -> Iterator[Web]:
    with Web("Echo", f"{site.url}/api", a_pace(), contact="me@example.org", patience=QUICK) as web:
        yield web


def test_the_first_turn_comes_at_once_and_the_next_a_second_later(a_pace: Callable[..., Pace], clock: Clock) -> None:
    one, other_process = a_pace(), a_pace()

    for pace in (one, other_process, one):
        pace.turn(within_s=60)

    assert clock.slept == [1.0, 1.0]


def test_sites_have_turns_of_their_own(a_pace: Callable[..., Pace], clock: Clock) -> None:
    a_pace("MusicBrainz").turn(within_s=0)
    a_pace("ListenBrainz").turn(within_s=0)

    assert clock.slept == []


def test_a_turn_that_comes_too_late_is_not_taken(a_pace: Callable[..., Pace], clock: Clock) -> None:
    pace = a_pace()
    pace.postpone(30)

    with pytest.raises(SourceUnavailable, match="may not be asked again for 30 s"):
        pace.turn(within_s=29)

    pace.turn(within_s=31)
    assert clock.slept == [30.0]


def test_a_site_that_wants_to_be_left_alone_for_days_is_asked_again_after_an_hour(
    a_pace: Callable[..., Pace], clock: Clock
) -> None:
    pace = a_pace()
    pace.postpone(79_892)
    pace.postpone(1)  # a shorter wait does not undo a longer one

    pace.turn(within_s=100_000)

    assert clock.slept == [MOST_POSTPONED_S]


def test_a_clock_that_was_set_back_keeps_nobody_waiting(a_pace: Callable[..., Pace], clock: Clock) -> None:
    pace = a_pace()
    pace.turn(within_s=0)
    clock.now -= 1_000_000

    pace.turn(within_s=0)

    assert clock.slept == []


def test_threads_take_their_turns_one_after_another(tmp_path: Path) -> None:
    waited: list[float] = []

    def take() -> None:
        Pace(metabrainz_database(tmp_path), "Echo", 0.02, clock=lambda: 1000.0, sleep=waited.append).turn(within_s=60)

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waited) == pytest.approx([0.02, 0.04, 0.06, 0.08])


def test_a_request_says_who_asks_and_how_to_reach_them(web: Web, site: Echo) -> None:
    answer = web.get("artist/a%2Fb", {"inc": "genres+tags", "q": "Björk & co"}, Deadline(10))

    assert answer.json() == {"path": "/api/artist/a%2Fb", "inc": "genres+tags", "q": "Björk & co"}
    agent = site.asked[0].headers["user-agent"]
    assert agent.startswith("Soundalike")
    assert agent.endswith("( me@example.org )")


@pytest.mark.parametrize(
    "failure", [Reply(503), Reply(502), Reply(429), Reply(hangs=True), Reply(document="cut", breaks_off=True)]
)
def test_what_may_be_over_soon_is_tried_again(failure: Reply, web: Web, site: Echo) -> None:
    site.next.append(failure)

    assert web.get("x", {}, Deadline(10)).status == 200
    assert len(site.asked) == 2


def test_tries_come_to_an_end(web: Web, site: Echo) -> None:
    site.next.extend([Reply(503)] * 10)

    with pytest.raises(SourceUnavailable, match="Echo answered 503"):
        web.get("x", {}, Deadline(10))
    assert len(site.asked) == 3


def test_other_answers_are_not_tried_again(web: Web, site: Echo) -> None:
    site.next.extend([Reply(403), Reply(301, headers={"Location": "https://example.org"}), Reply(404)])

    with pytest.raises(SourceUnavailable, match="Echo answered 403"):
        web.get("x", {}, Deadline(10))
    with pytest.raises(SourceUnavailable, match="Echo answered 301"):
        web.get("x", {}, Deadline(10))
    assert web.get("x", {}, Deadline(10), expected=frozenset({404})).status == 404
    assert len(site.asked) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_too_often_waits_for_as_long_as_they_are_told(status: int, web: Web, site: Echo, clock: Clock) -> None:
    site.next.append(Reply(status, headers={"Retry-After": "7"}))

    web.get("x", {}, Deadline(10))

    assert clock.slept == [7.0]


def test_a_wait_beyond_the_deadline_is_not_begun(web: Web, site: Echo, clock: Clock) -> None:
    site.next.append(Reply(429, headers={"X-RateLimit-Reset-In": "70"}))

    with pytest.raises(SourceUnavailable, match="may not be asked again for 70 s"):
        web.get("x", {}, Deadline(10))
    assert clock.slept == []
    assert len(site.asked) == 1


def test_the_last_request_of_a_window_is_followed_by_a_wait_for_the_next_window(
    web: Web, site: Echo, clock: Clock
) -> None:
    site.next.append(Reply(document=1, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": "4"}))
    site.next.append(Reply(document=2, headers={"X-RateLimit-Remaining": "9", "X-RateLimit-Reset-In": "4"}))

    for _ in range(3):
        web.get("x", {}, Deadline(30))

    assert clock.slept == [4.0, 1.0]


def test_headers_that_are_no_numbers_are_passed_over(web: Web, site: Echo, clock: Clock) -> None:
    site.next.append(Reply(503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "X-RateLimit-Reset-In": "-3"}))

    web.get("x", {}, Deadline(10))

    assert clock.slept == [1.0]


def test_a_deadline_that_has_passed_asks_nobody(web: Web, site: Echo) -> None:
    with pytest.raises(SourceUnavailable, match="did not answer in time"):
        web.get("x", {}, Deadline(0))
    assert site.asked == []


def test_a_site_that_is_not_there_is_said_to_be_so(site: Echo, a_pace: Callable[..., Pace]) -> None:
    site.__exit__()
    with (
        Web("Echo", site.url, a_pace(), contact=None, patience=QUICK) as web,
        pytest.raises(SourceUnavailable, match="Echo cannot be reached"),
    ):
        web.get("x", {}, Deadline(10))
    site.__enter__()


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a": ', b"\xff"])
def test_an_answer_that_is_no_json_is_a_failure_of_the_site(body: bytes, web: Web, site: Echo) -> None:
    site.next.append(Reply(raw=body))

    with pytest.raises(SourceUnavailable, match="no JSON"):
        web.get("x", {}, Deadline(10)).json()


def test_an_endless_answer_is_cut(web: Web, site: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.metabrainz.web._MOST_BYTES", 10)
    site.next.append(Reply(raw=b"x" * 11))

    with pytest.raises(SourceUnavailable, match="more than"):
        web.get("x", {}, Deadline(10))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
)


@given(JSON)
def test_whatever_an_answer_holds_it_can_be_looked_into(value: object) -> None:
    part(value, "a")
    assert all(isinstance(row, dict) for row in rows(value))
    assert isinstance(whole(value), int)
    assert isinstance(mbid(value), str)
