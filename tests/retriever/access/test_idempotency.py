import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import Response

from features.errors import StoreError
from features.identity import point_id
from features.profile import UserId
from retriever import problems
from retriever.access.idempotency import Done, Idempotent
from retriever.access.ledger import FILE_NAME
from retriever.access.request_key import RequestKey, fingerprint, request_key_of
from retriever.access.wiring import guard
from retriever.errors import KeyReused, StillRunning
from retriever.observe.metrics import Metrics
from retriever.settings import RetrieverSettings
from tests.retriever.access.repeated import ANN, KEY, TTL, Held, Work, ask, together
from tests.retriever.access.toy import Clock


def test_the_same_request_again_gets_the_same_answer_and_the_work_is_done_once(idempotent: Idempotent) -> None:
    work = Work(201)
    first, second = ask(idempotent, work), ask(idempotent, work)

    assert work.times == 1
    assert (second.body, second.status_code, second.headers["etag"]) == (first.body, 201, '"1"')
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-length"] == first.headers["content-length"]


def test_without_a_key_every_request_is_done(idempotent: Idempotent) -> None:
    work = Work()

    assert [ask(idempotent, work, key=None).body for _ in range(2)] == [b"answer 1", b"answer 2"]


def test_a_key_that_stands_for_another_request_is_refused_and_nothing_is_done(
    opened: Callable[..., Idempotent],
) -> None:
    work, idempotent = Work(), opened()
    ask(idempotent, work, b"one")

    for each in (idempotent, opened()):
        with pytest.raises(KeyReused):
            ask(each, work, b"other")
    assert work.times == 1
    assert ask(idempotent, work, b"one").body == b"answer 1"


def test_another_callers_key_of_the_same_value_is_another_key(idempotent: Idempotent) -> None:
    work = Work()
    ask(idempotent, work, b"one")

    assert ask(idempotent, work, b"other", RequestKey("app", "k1")).body == b"answer 2"


def test_while_the_first_request_runs_the_same_is_told_to_wait_and_another_is_refused(idempotent: Idempotent) -> None:
    async def scenario() -> None:
        held, other = Held(), Work()
        first = asyncio.create_task(idempotent.run(KEY, b"r", held))
        await held.begun.wait()
        with pytest.raises(StillRunning):
            await idempotent.run(KEY, b"r", other)
        with pytest.raises(KeyReused):
            await idempotent.run(KEY, b"other", other)
        assert (await idempotent.run(RequestKey("web", "k2"), b"r", other)).body == b"answer 1"
        held.let_go.set()
        assert (await first).body == (await idempotent.run(KEY, b"r", other)).body == b"answer 1"
        assert (held.times, other.times) == (1, 1)

    together(scenario)


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_a_request_that_failed_may_be_sent_anew_or_another_instead(idempotent: Idempotent, status: int) -> None:
    assert ask(idempotent, Work(status)).status_code == status
    work = Work()
    assert ask(idempotent, work, b"other").body == b"answer 1"
    assert work.times == 1


def test_a_request_that_raised_may_be_sent_anew(opened: Callable[..., Idempotent]) -> None:
    async def fail() -> Done:
        raise StoreError("down")

    idempotent = opened()
    for each in (idempotent, idempotent, opened()):
        with pytest.raises(StoreError):
            ask(each, fail)
    assert ask(idempotent, Work(), b"other").body == b"answer 1"


def test_a_request_that_was_dropped_may_be_sent_anew(idempotent: Idempotent) -> None:
    async def scenario() -> None:
        held = Held()
        first = asyncio.create_task(idempotent.run(KEY, b"r", held))
        await held.begun.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await idempotent.run(KEY, b"other", Work())).body == b"answer 1"

    together(scenario)


def test_after_a_restart_the_same_request_is_carried_out_again_and_kept_again(
    opened: Callable[..., Idempotent],
) -> None:
    work = Work()
    ask(opened(), work)
    restarted = opened()

    assert [ask(restarted, work).body for _ in range(2)] == [b"answer 2"] * 2


def test_a_request_that_fails_after_a_restart_still_holds_its_key(opened: Callable[..., Idempotent]) -> None:
    ask(opened(), Work(), b"one")
    restarted = opened()

    assert ask(restarted, Work(503), b"one").status_code == 503
    with pytest.raises(KeyReused):
        ask(restarted, Work(), b"other")


def test_a_crash_before_the_answer_leaves_the_key_to_the_same_request(
    opened: Callable[..., Idempotent], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    crashing = opened()

    async def crash() -> Done:
        monkeypatch.setattr(crashing._ledger, "drop", lambda _key: None)  # a dead process cleans nothing up
        raise Crash

    with pytest.raises(Crash):
        ask(crashing, crash, b"one")
    restarted = opened()
    with pytest.raises(KeyReused):
        ask(restarted, Work(), b"other")
    assert ask(restarted, Work(), b"one").body == b"answer 1"


def test_a_key_counts_for_its_time_and_no_longer(opened: Callable[..., Idempotent], clock: Clock) -> None:
    work, idempotent = Work(), opened()
    ask(idempotent, work)
    clock.move(TTL.total_seconds() - 1)
    assert ask(idempotent, work).body == b"answer 1"
    with pytest.raises(KeyReused):
        ask(opened(), work, b"other")

    clock.move(1)
    assert ask(idempotent, work, b"other").body == b"answer 2"


def test_neither_keys_nor_people_nor_answers_are_on_disk(opened: Callable[..., Idempotent], tmp_path: Path) -> None:
    idempotent = opened()
    ask(idempotent, Work(people=(UserId("ann-of-green-gables"),)), key=RequestKey("web", "secret-key-value"))
    idempotent.forget([point_id(UserId("ann-of-green-gables"))])
    idempotent.close()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert FILE_NAME in {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        assert not any(word in content for word in (b"green-gables", b"secret-key-value", b"answer"))


def test_a_ledger_that_cannot_be_written_refuses_the_request_before_it_is_done(idempotent: Idempotent) -> None:
    work = Work()
    idempotent.close()

    for _ in range(2):
        with pytest.raises(StoreError, match="ledger of idempotency keys"):
            ask(idempotent, work)
    assert work.times == 0


def test_over_http_it_is_one_answer_and_every_refusal_a_problem(idempotent: Idempotent, tmp_path: Path) -> None:
    app, work = FastAPI(), Work(people=(ANN,))
    problems.install(app)

    @app.post("/v1/recommendations")
    async def recommend(request: Request) -> Response:
        body = await request.body()
        return await idempotent.run(request_key_of(request.scope), fingerprint("POST", request.url.path, body), work)

    guard(app, RetrieverSettings(_env_file=None, home=tmp_path, host_names="testserver"), Metrics())
    with TestClient(app) as api:

        def post(key: str, body: bytes = b"{}") -> Any:
            return api.post("/v1/recommendations", content=body, headers={"Idempotency-Key": key})

        first, second = post('"k1"'), post("k1")
        assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
        assert first.headers["x-request-id"] != second.headers["x-request-id"]
        assert len(second.headers.get_list("x-request-id")) == 1
        idempotent.forget([point_id(ANN)])
        refused = [post(""), post("k1", b"[]"), post("k1")]

    assert work.times == 1
    assert [(each.status_code, each.json()["code"]) for each in refused] == [
        (400, "bad-idempotency-key"), (422, "idempotency-key-reused"), (410, "answer-gone"),
    ]  # fmt: skip
    assert StillRunning.http_status == 409
