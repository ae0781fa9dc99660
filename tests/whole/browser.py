"""A real browser on the real dashboard over the real API."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ports import a_free_port
from tests.waiting import until
from tests.whole.programs import ROOT, environment


def chromium() -> str:
    """Where the browser is; skips the test where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium here: apt-get install chromium, or name one in CHROMIUM")
    return found


@contextmanager
def a_dashboard(home: Path, api: str, *flags: str, port: int | None = None) -> Iterator[str]:
    """``python -m dashboard`` over an API; gives the page's address."""
    port = port or a_free_port()
    command = [sys.executable, "-m", "dashboard", "--port", str(port), "--api", api, *flags]
    with started(command, port, {"SOUNDALIKE_HOME": str(home)}) as url:
        yield url


@contextmanager
def started(command: list[str], port: int, settings: dict[str, str]) -> Iterator[str]:
    """A program that serves a page on ``port``, until the block ends; gives the page's address."""
    said = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    env = {**environment(ROOT, {}), "PYTHONPATH": str(ROOT), **settings}
    process = subprocess.Popen(command, stdout=said, stderr=said, cwd=ROOT, env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url, process))
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        said.close()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the dashboard stopped"
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def a_browser(**context: Any) -> Iterator[Any]:
    """A page of a headless browser."""
    from playwright.sync_api import sync_playwright

    where = chromium()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=where, args=["--no-sandbox"])
        page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context}).new_page()
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def settled(page: Any) -> None:
    """Wait until the page is drawn."""
    page.wait_for_load_state("networkidle")
    page.locator('[data-testid="stStatusWidget"]').wait_for(state="detached")
    page.wait_for_timeout(400)  # transitions


def serious(page: Any) -> list[str]:
    """What axe finds that keeps people out."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
