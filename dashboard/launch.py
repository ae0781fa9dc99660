"""Starting the page, and the API where none answers; what was started here is ended here, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from dashboard.errors import NotStarted
from dashboard.settings import LOOPBACK, DashboardSettings

_START_TIMEOUT_S = 120
_END_TIMEOUT_S = 20
_ANSWER_TIMEOUT_S = 10  # of one that is busy; where none is, that is known at once
APP = Path(__file__).with_name("app.py")


def answers(url: str) -> bool:
    """Whether a Soundalike answers at ``url``, ready or not."""
    try:
        return "status" in httpx.get(f"{url.rstrip('/')}/readyz", timeout=_ANSWER_TIMEOUT_S).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError):
        return False


@contextmanager
def an_api(settings: DashboardSettings) -> Iterator[bool]:
    """An API at the address of the settings for as long as the block lasts; tells whether it was started here.

    Raises:
        NotStarted: none answers, and none can be started there.
    """
    if answers(settings.api_url):
        yield False
        return
    address = urlsplit(settings.api_url)
    if address.hostname not in LOOPBACK or address.scheme != "http":
        raise NotStarted(
            f"Nothing answers at {settings.api_url}, which is not this computer.",
            "Start the API there, or mend SOUNDALIKE_API_URL.",
        )
    command = [sys.executable, "-m", "retriever", "--host", address.hostname, "--port", str(address.port or 80)]
    back = settings.dashboard_url or f"http://127.0.0.1:{settings.dashboard_port}/"
    process = subprocess.Popen(command, env={**os.environ, "SOUNDALIKE_DASHBOARD_URL": back})  # noqa: S603 - our own program
    try:
        _wait_for(settings.api_url, process)
        yield True
    finally:
        _end(process)


def serve(settings: DashboardSettings, environment: Mapping[str, str] | None = None) -> int:
    """Serve the page until it is stopped; gives Streamlit's exit status."""
    options = {
        "server.address": settings.dashboard_host,
        "server.port": str(settings.dashboard_port),
        "server.maxUploadSize": str(settings.max_body_mb),
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *flags]
    told = {
        "SOUNDALIKE_API_URL": settings.api_url,
        "SOUNDALIKE_DASHBOARD_HOST": settings.dashboard_host,
        "SOUNDALIKE_DASHBOARD_PORT": str(settings.dashboard_port),
    }
    process = subprocess.Popen(command, env={**(environment or os.environ), **told})  # noqa: S603
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(process)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(
                "The API stopped while it started; it says why above.", "Build a community first: make demo"
            )
        if answers(url):
            return
        time.sleep(0.2)
    raise NotStarted(f"The API did not answer within {_START_TIMEOUT_S} s.", "See what it says: python -m retriever")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
