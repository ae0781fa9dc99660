"""The health checks of compose.yaml and the Dockerfile, as they stand there but for the port: what they ask is a small
server on a free one of this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.docker.files import compose, stages
from tests.ports import a_free_port

ASKED_FOR = {
    "retriever": "/readyz",
    "dashboard": "/_stcore/health",
    "gradio": "/",
    "qdrant": "/readyz",
    "prometheus": "/-/ready",
    "grafana": "/api/health",
}


def _checks() -> dict[str, list[str]]:
    found = {name: _check(service) for name, service in compose()["services"].items()}
    return {name: check for name, check in found.items() if check}


def _check(service: dict[str, Any]) -> list[str]:
    if "healthcheck" not in service:
        return list(stages()[service["build"]["target"]].health)
    kind, *command = service["healthcheck"].get("test", ["NONE"])
    return command if kind == "CMD" else []


@contextmanager
def _who_answers(status: int) -> Iterator[tuple[int, list[str]]]:
    """The port of a server that answers all requests so, and the paths that it was asked for."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - as the library calls it

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site.server_address[1], paths
        finally:
            site.shutdown()
            thread.join()


def _exit_code(name: str, port: int) -> int:
    """Of a service's check, which is told another port than its own."""
    program, *words = [re.sub(r"(?<=127\.0\.0\.1[:/])\d+", str(port), word) for word in _checks()[name]]
    if shutil.which(program) is None and program != "python":
        pytest.skip(f"no {program} here, by which {name} is asked")
    command = [sys.executable if program == "python" else program, *words]
    environment = {"PATH": os.environ["PATH"]}  # and no proxy
    return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False).returncode


def test_every_service_that_stays_has_one():
    stay = {name for name, service in compose()["services"].items() if service["restart"] != "no"}
    assert _checks().keys() == stay == ASKED_FOR.keys()


@pytest.mark.parametrize("name", ASKED_FOR)
def test_who_is_ready_is_healthy(name: str):
    with _who_answers(200) as (port, paths):
        assert _exit_code(name, port) == 0
    assert paths == [ASKED_FOR[name]]


@pytest.mark.parametrize("name", ASKED_FOR)
def test_who_is_not_ready_is_not_healthy(name: str):
    with _who_answers(503) as (port, paths):
        assert _exit_code(name, port) != 0
    assert paths == [ASKED_FOR[name]]


@pytest.mark.parametrize("name", ASKED_FOR)
def test_who_does_not_answer_is_not_healthy(name: str):
    assert _exit_code(name, a_free_port()) != 0
