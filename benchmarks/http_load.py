"""A small HTTP/1.1 client over raw sockets, so that the server is measured: one by one, and open loop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import numpy as np


@dataclass(frozen=True)
class Latencies:
    """Milliseconds of each request that was answered, and how many were not answered with 200."""

    ms: list[float]
    failed: int

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return float(np.percentile(self.ms, share))


class Connection:
    """One keep-alive connection, blocking."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> float:
        """Milliseconds until the whole answer is here. Raises RuntimeError if it is not 200."""
        start = time.perf_counter()
        self._socket.sendall(_request(path))
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + _length(answer[:end]):
            answer += self._socket.recv(65_536)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer[:200].decode())
        return (time.perf_counter() - start) * 1000


async def open_loop(port: int, paths: Sequence[str], *, rate: float, seconds: float, seed: int) -> Latencies:
    """Requests that arrive as a Poisson process, whether or not earlier ones are answered; latency from the arrival.

    Args:
        port: of the server on loopback.
        paths: asked in turn.
        rate: arrivals a second; infinite asks as fast as 16 connections can.
        seconds: how long requests arrive.
        seed: of the arrivals.
    """
    rng = np.random.default_rng(seed)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(16):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    found, failed = [], 0
    start = time.perf_counter()

    async def ask(path: str, arrival: float) -> None:
        nonlocal failed
        reader, writer = await free.get()
        writer.write(_request(path))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(head))
        free.put_nowait((reader, writer))
        found.append((time.perf_counter() - arrival) * 1000)
        failed += not head.startswith(b"HTTP/1.1 200")

    waiting: set[asyncio.Task[None]] = set()
    arrival, index = start, 0
    while (now := time.perf_counter()) < start + seconds:
        if rate == float("inf"):
            while free.empty():
                await asyncio.sleep(0)
            arrival = time.perf_counter()
        elif arrival > now:
            await asyncio.sleep(arrival - now)
        task = asyncio.create_task(ask(paths[index % len(paths)], arrival))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        index += 1
        arrival += 0.0 if rate == float("inf") else float(rng.exponential(1 / rate))
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    while not free.empty():
        free.get_nowait()[1].close()
    return Latencies(found, failed)


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise RuntimeError("no content-length")


def resident_mb(url: str) -> float:
    """The memory of the server at ``url`` in MB, as it tells itself."""
    for line in httpx.get(f"{url}/metrics", timeout=30).text.splitlines():
        if line.startswith("process_resident_memory_bytes"):
            return float(line.split()[1]) / 2**20
    raise RuntimeError("the server does not tell its memory")
