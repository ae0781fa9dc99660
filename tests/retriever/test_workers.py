import asyncio
import threading
import time

import pytest

from retriever.errors import Overloaded
from retriever.workers import Workers


def test_work_is_done_in_another_thread_and_its_answer_and_its_errors_come_back() -> None:
    async def run() -> None:
        workers = Workers(threads=1, most_at_once=1, deadline_s=10)
        assert await workers.admit(lambda: workers.run(threading.get_ident)) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await workers.admit(lambda: workers.run(lambda: 1 // 0))
        assert await workers.admit(lambda: workers.run(lambda: "still works")) == "still works"

    asyncio.run(run())


def test_no_more_requests_than_may_be_inside_at_once_are_let_in() -> None:
    release = threading.Event()

    async def run() -> None:
        workers = Workers(threads=4, most_at_once=2, deadline_s=10)
        inside = [asyncio.create_task(workers.admit(lambda: workers.run(release.wait))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="2 requests"):
            await workers.admit(lambda: workers.run(release.wait))
        release.set()
        assert await asyncio.gather(*inside) == [True, True]
        assert await workers.admit(lambda: workers.run(release.wait)) is True

    asyncio.run(run())


def test_a_request_that_takes_too_long_is_given_up() -> None:
    release = threading.Event()

    async def run() -> None:
        workers = Workers(threads=2, most_at_once=2, deadline_s=0.05)
        with pytest.raises(Overloaded, match=r"within 0\.05 s"):
            await workers.admit(lambda: workers.run(lambda: release.wait(60)))
        release.set()

    asyncio.run(run())


def test_no_more_threads_than_there_are_work_at_once() -> None:
    at_once, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with guard:
            at_once -= 1

    async def run() -> None:
        workers = Workers(threads=2, most_at_once=20, deadline_s=10)
        await asyncio.gather(*[workers.admit(lambda: workers.run(work)) for _ in range(20)])

    asyncio.run(run())
    assert most == 2
