"""Requests that arrive at a steady rate, while fewer than ``_MOST_UNDER_WAY`` are unanswered; every answer is kept.

With more they would wait for a connection of ours, and be given up for want of one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

_MOST_UNDER_WAY = 48


@dataclass
class Load:
    """What became of the requests.

    Attributes:
        answers: in the order in which they arrived.
        spans: of each answer, when it was asked for and when it had arrived, in seconds.
        refused: connections of a server that is gone.
        dropped: requests that got no answer, and why.
    """

    answers: list[httpx.Response] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    refused: int = 0
    dropped: list[str] = field(default_factory=list)

    @property
    def statuses(self) -> set[int]:
        return {answer.status_code for answer in self.answers}


@contextmanager
def load(url: str, paths: Sequence[str], *, rate: float) -> Iterator[Load]:
    """Ask ``paths`` in turn, at most ``rate`` times a second, for as long as the block lasts."""
    found, stop = Load(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_ask(url, paths, rate, found, stop)), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive(), "the load does not end"


async def _ask(url: str, paths: Sequence[str], rate: float, found: Load, stop: threading.Event) -> None:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
    room = asyncio.Semaphore(_MOST_UNDER_WAY)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client, asyncio.TaskGroup() as tasks:
        start, number = time.monotonic(), 0
        while not stop.is_set():
            await room.acquire()
            asked = tasks.create_task(_one(client, paths[number % len(paths)], found))
            asked.add_done_callback(lambda _asked: room.release())
            number += 1
            await asyncio.sleep(max(start + number / rate - time.monotonic(), 0))


async def _one(client: httpx.AsyncClient, path: str, found: Load) -> None:
    asked = time.monotonic()
    try:
        found.answers.append(await client.get(path))
        found.spans.append((asked, time.monotonic()))
    except httpx.ConnectError:
        found.refused += 1
    except httpx.HTTPError as error:
        found.dropped.append(f"{type(error).__name__}: {error}")
