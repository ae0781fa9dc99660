from fastapi.testclient import TestClient
from starlette.responses import Response

from retriever.recent import RecentAnswers
from tests.small_world import SmallWorld
from tests.waiting import until

PATH = "/v1/users/person-0/similar"


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


def test_an_answer_is_given_again_until_something_changes() -> None:
    clock = Clock()
    recent = RecentAnswers(clock, max_bytes=100)
    answer = Response(b"some")
    recent.put(("/a", b""), answer, 0)

    assert recent.get(("/a", b"")) is answer
    assert recent.get(("/a", b"limit=2")) is None
    clock.now = 1
    assert recent.get(("/a", b"")) is None


def test_an_answer_that_was_begun_before_a_change_is_not_kept_after_it() -> None:
    clock = Clock()
    recent = RecentAnswers(clock, max_bytes=100)
    clock.now = 1
    assert recent.get(("/a", b"")) is None

    recent.put(("/a", b""), Response(b"old"), 0)

    assert recent.get(("/a", b"")) is None


def test_what_was_not_asked_for_longest_makes_room() -> None:
    recent = RecentAnswers(Clock(), max_bytes=10)
    for name in ("a", "b"):
        recent.put((name, b""), Response(b"1234"), 0)
    assert recent.get(("a", b""))
    recent.put(("c", b""), Response(b"1234"), 0)

    assert recent.get(("b", b"")) is None
    assert recent.get(("a", b""))
    recent.put(("d", b""), Response(b"1234567890"), 0)
    assert recent.get(("d", b"")) is None
    assert recent.get(("c", b""))


def test_the_same_answer_kept_many_times_takes_the_room_of_one() -> None:
    recent = RecentAnswers(Clock(), max_bytes=10)
    for _ in range(9):
        recent.put(("a", b""), Response(b"1234"), 0)
    recent.put(("b", b""), Response(b"1234"), 0)

    assert recent.get(("a", b""))
    assert recent.get(("b", b""))


def test_a_long_question_takes_room_too() -> None:
    recent = RecentAnswers(Clock(), max_bytes=10)

    recent.put(("a", b"limit=1234567890"), Response(b"1"), 0)

    assert recent.get(("a", b"limit=1234567890")) is None


def searches(api: TestClient) -> float:
    (line,) = [
        line for line in api.get("/metrics").text.splitlines() if line.startswith("soundalike_search_seconds_count")
    ]
    return float(line.split()[1])


def test_the_same_question_is_searched_for_once_between_two_changes(api: TestClient) -> None:
    def is_given_again() -> bool:
        first = api.get(PATH)
        before = searches(api)
        again = api.get(PATH)
        assert again.content == first.content
        assert again.headers["soundalike-index"] == "users-v3-b1"
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
        return searches(api) == before

    until(is_given_again)  # the server follows what was written just before it started for some seconds
    other = api.get(f"{PATH}?limit=3")
    assert len(other.json()["recommendations"]) == 3


def test_no_change_is_missed(api: TestClient, world: SmallWorld) -> None:
    def nearest() -> str:
        found: str = api.get(f"{PATH}?limit=1").json()["recommendations"][0]["user_id"]
        return found

    first = nearest()
    api.delete(f"/v1/users/{first}")
    assert nearest() != first

    mine = api.get("/v1/users/person-0/export").json()["profile"]
    api.post("/v1/recommendations", json={"profile": {**mine, "user_id": "twin"}})
    assert nearest() == "twin"

    until(lambda: world.store.get(["twin"]))
    world.store.delete(["twin"])  # by another process
    until(lambda: nearest() != "twin")

    second = world.publish()
    until(lambda: api.get(PATH).json()["index"] == second)
