from collections.abc import Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from retriever.access.idempotency import Idempotent
from retriever.access.kept import Kept, KeptAnswers
from retriever.access.request_key import RequestKey
from tests.retriever.access.repeated import Work, ask
from tests.retriever.access.toy import Clock


def test_when_memory_is_full_the_oldest_answers_are_carried_out_again(opened: Callable[..., Idempotent]) -> None:
    work, idempotent = Work(size=2000), opened(max_bytes=10_000)
    keys = [RequestKey("web", str(number)) for number in range(5)]
    for key in keys:
        ask(idempotent, work, key=key)
    assert ask(idempotent, work, key=keys[4]).body.rstrip() == b"answer 5"
    assert ask(idempotent, work, key=keys[0]).body.rstrip() == b"answer 6"


def test_an_answer_larger_than_all_memory_is_not_kept_and_displaces_nothing(opened: Callable[..., Idempotent]) -> None:
    idempotent, small, large = opened(max_bytes=10_000), Work(), Work(size=20_000)
    other = RequestKey("web", "k2")
    ask(idempotent, small)

    assert [ask(idempotent, large, key=other).body.rstrip() for _ in range(2)] == [b"answer 1", b"answer 2"]
    assert ask(idempotent, small).body == b"answer 1"


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6000), st.integers(0, 10)), max_size=40))
def test_kept_answers_never_take_more_than_their_memory_and_only_the_oldest_go(
    puts: list[tuple[int, int, int]],
) -> None:
    clock = Clock()
    kept = KeptAnswers(10_000, timedelta(seconds=20), clock)
    wanted: dict[int, Kept] = {}
    for number, size, pause in puts:
        clock.move(pause)
        answer = Kept(b"", 200, (), b"x" * size, clock())
        kept.put(bytes([number]), answer)
        wanted.pop(number, None)
        wanted[number] = answer
        while sum(each.size for each in wanted.values()) > 10_000:
            del wanted[next(iter(wanted))]
        alive = {n: each for n, each in wanted.items() if each.at > clock() - timedelta(seconds=20)}
        assert {n: kept.get(bytes([n])) for n in range(5)} == {n: alive.get(n) for n in range(5)}
        wanted = alive
