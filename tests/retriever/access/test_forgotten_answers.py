import asyncio
from collections.abc import Callable

import pytest

from features.identity import point_id
from features.profile import UserId
from retriever.access.idempotency import Idempotent
from retriever.access.request_key import RequestKey
from retriever.errors import AnswerGone, KeyReused
from tests.retriever.access.repeated import ANN, BOB, KEY, Held, Work, ask, together


def test_what_took_a_deleted_person_in_is_not_carried_out_again(opened: Callable[..., Idempotent]) -> None:
    work, idempotent = Work(people=(BOB, ANN)), opened()
    ask(idempotent, work)
    idempotent.forget([point_id(ANN)])

    for each in (idempotent, opened()):
        with pytest.raises(AnswerGone):
            ask(each, work)
        with pytest.raises(KeyReused):
            ask(each, work, b"other")
    assert work.times == 1


def test_after_a_deletion_no_answer_is_kept_and_what_others_sent_is_carried_out_again(idempotent: Idempotent) -> None:
    work = Work(people=(BOB,))
    ask(idempotent, work)
    idempotent.forget([point_id(ANN)])

    assert ask(idempotent, work).body == b"answer 2"
    assert ask(idempotent, work).body == b"answer 2"


@pytest.mark.parametrize("deleted", [ANN, BOB])
def test_who_is_deleted_while_a_request_runs_is_in_no_kept_answer(idempotent: Idempotent, deleted: UserId) -> None:
    async def scenario() -> None:
        held = Held(people=(ANN,))
        first = asyncio.create_task(idempotent.run(KEY, b"r", held))
        await held.begun.wait()
        await asyncio.to_thread(idempotent.forget, [point_id(deleted)])
        held.let_go.set()
        await first
        if deleted == ANN:
            with pytest.raises(AnswerGone):
                await idempotent.run(KEY, b"r", held)
        else:
            assert (await idempotent.run(KEY, b"r", held)).body == b"answer 2"
        # What was deleted then does not concern what comes in later.
        later = Work(people=(ANN,))
        other = RequestKey("web", "k2")
        assert [(await idempotent.run(other, b"r", later)).body for _ in range(2)] == [b"answer 1"] * 2

    together(scenario)


def test_who_is_deleted_while_a_request_runs_is_not_forgotten_because_another_one_ends(idempotent: Idempotent) -> None:
    async def scenario() -> None:
        long, short = Held(people=(ANN,)), Held()
        tasks = [
            asyncio.create_task(idempotent.run(RequestKey("web", name), b"r", held))
            for name, held in (("long", long), ("short", short))
        ]
        await long.begun.wait()
        await short.begun.wait()
        await asyncio.to_thread(idempotent.forget, [point_id(ANN)])
        for held, task in ((short, tasks[1]), (long, tasks[0])):
            held.let_go.set()
            await task
        with pytest.raises(AnswerGone):
            await idempotent.run(RequestKey("web", "long"), b"r", long)

    together(scenario)
