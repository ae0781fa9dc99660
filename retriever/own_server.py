"""A server of one's own, on a free loopback port, for as long as a question takes."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from retriever.errors import NoAnswer

_START_TIMEOUT_S = 120


@contextmanager
def own_server() -> Iterator[str]:
    """A server on a free loopback port, for as long as the block lasts; gives its URL.

    Raises:
        NoAnswer: it does not come up; says what it said last.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, "-m", "retriever", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)  # noqa: S603 - our own program
        try:
            _wait_until_ready(url, process)
            yield url
        except NoAnswer as error:
            said.seek(0)
            lines = said.read().strip().splitlines()
            raise NoAnswer(error.what, lines[-1] if lines else error.mend) from error
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoAnswer("The server stopped while it started.", "See: python -m retriever")
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise NoAnswer(f"The server was not ready within {_START_TIMEOUT_S} s.", "See: python -m retriever")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
