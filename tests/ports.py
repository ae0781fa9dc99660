"""Ports for servers that tests start a moment later."""

from __future__ import annotations

import os
import random
import socket

_FIRST, _EACH, _WORKERS = 20_000, 2_000, 6


def a_free_port() -> int:
    """One of the loopback interface that nobody else gets before it is used: neither another of pytest-xdist's
    processes, nor who asks the system for any port, which are given higher ones.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    first = _FIRST + worker * _EACH
    for port in random.sample(range(first, first + _EACH), _EACH):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("there is no free port")
