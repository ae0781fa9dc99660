"""The dashboard in a real browser: first paint against an empty Streamlit page, the map against a bare plotly page.

Both rivals are served or opened on the same machine, in turn with the dashboard; so what is told is
what this page adds to the libraries that draw it. Needs chromium and the extras dashboard and dev.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.crowd import crowd, must_have_somebody
from features.settings import HomeSettings, load
from retriever.own_server import own_server
from tests.ports import a_free_port
from tests.whole.browser import a_browser, a_dashboard, started
from tests.whole.programs import done

EMPTY = "import streamlit as st\n\nst.title('Nothing')\n"
LAID_OUT = "() => document.querySelector('.js-plotly-plot')?._fullLayout?.xaxis?.l2p"
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
ASKED = """() => new Promise(resolve => {
  const app = document.querySelector('.stApp'), began = performance.now()
  let ran = false
  new MutationObserver(() => {
    const state = app.dataset.testScriptState
    if (state === 'running') ran = true
    else if (ran) resolve(performance.now() - began)
  }).observe(app, {attributes: true})
  document.querySelector('.st-key-look button').click()
})"""
"""Milliseconds from the press of the button until the page is drawn."""


def run(points: int, runs: int) -> list[str]:
    """The figures, for ``points`` people made of the ones in SOUNDALIKE_HOME; that home is left as it is."""
    must_have_somebody()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done(load(HomeSettings).home, "features", "sample-export", "--out", str(folder / "export.zip"))
        (folder / "empty.py").write_text(EMPTY, encoding="utf-8")
        with (
            crowd(points) as (home, _),
            own_server() as url,
            a_dashboard(home, url) as page_url,
            _streamlit(folder / "empty.py") as empty_url,
        ):
            return [
                _first_paint(page_url, empty_url, runs),
                _query(page_url, url, folder / "export.zip", runs),
                *_map(page_url, _bare_page(url, folder), runs),
            ]


def _first_paint(ours: str, empty: str, runs: int) -> str:
    shown = [("Who listens as you do?", ours), ("Nothing", empty)]

    def until(title: str) -> Callable[[Any], None]:
        return lambda page: page.get_by_role("heading", name=title).wait_for()

    page, rival = _in_turn([(url, until(title)) for title, url in shown], runs)
    return f"first paint {page:.2f} s = {page / rival:.2f} x an empty Streamlit page ({rival:.2f} s) (bound 2 s)"


def _query(ours: str, api: str, export: Path, runs: int) -> str:
    """A file that was asked with before, so that all of its names are known; from the press to the drawn answer."""
    asked, answered = [], []
    with a_browser() as page:
        page.goto(ours)
        page.locator("input[type=file]").set_input_files(export)
        page.get_by_role("button", name="Just look").click()
        page.get_by_role("heading", name="Your soundalikes").wait_for()
        for _ in range(runs):
            page.wait_for_timeout(500)
            asked.append(page.evaluate(ASKED))
            began = time.perf_counter()
            files, form = {"file": (export.name, export.read_bytes())}, {"remember": "false"}
            httpx.post(f"{api}/v1/profiles", files=files, data=form, timeout=60).raise_for_status()
            answered.append((time.perf_counter() - began) * 1000)
    page_ms, api_ms = median(asked), median(answered)
    return (
        f"a warm query in the page {page_ms:.0f} ms = {page_ms / api_ms:.1f} x the API's own answer ({api_ms:.0f} ms)"
    )


def _map(ours: str, bare: str, runs: int) -> list[str]:
    def drawn(page: Any) -> None:  # noqa: ANN401 - Playwright's page
        page.wait_for_function(LAID_OUT)
        page.evaluate(PAINTED)

    page, rival = _in_turn([(f"{ours}/map", drawn), (bare, drawn)], runs)
    return [f"the map {page:.2f} s = {page / rival:.2f} x a bare plotly page with the same points ({rival:.2f} s)"]


def _in_turn(pages: list[tuple[str, Callable[[Any], None]]], runs: int) -> list[float]:
    """Median seconds from going to each of the pages until it is drawn, in a fresh browser each time."""
    taken: list[list[float]] = [[] for _ in pages]
    for _ in range(runs + 1):
        for each, (url, wait) in zip(taken, pages, strict=True):
            with a_browser() as page:
                began = time.perf_counter()
                page.goto(url, wait_until="commit")
                wait(page)
                each.append(time.perf_counter() - began)
    return [median(each[1:]) for each in taken]  # the first of each finds cold files


def _bare_page(api: str, folder: Path) -> str:
    """A page of nothing but plotly with everybody on the map as points; its address."""
    from plotly.graph_objects import Figure, Scattergl

    points = httpx.get(f"{api}/v1/map", timeout=60).json()["points"]
    figure = Figure(Scattergl(x=points["x"], y=points["y"], text=points["name"], mode="markers"))
    file = folder / "bare.html"
    figure.write_html(file, include_plotlyjs=True)
    return file.as_uri()


@contextmanager
def _streamlit(script: Path) -> Iterator[str]:
    port = a_free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
    with started(command, port, {"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}) as url:
        yield url
