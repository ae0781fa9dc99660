"""``make screenshots``: pictures of the dashboard for the README, over a synthetic community of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from tests.whole.browser import a_browser, a_dashboard, settled
from tests.whole.programs import ROOT, a_home, a_server, done

FOLDER = ROOT / "docs" / "screenshots"
WIDTH, LONGEST = 1280, 1500
COLOURS = 128
PAGES = {"Taste map": "taste-map", "Quality": "quality", "Operations": "operations", "My data": "my-data"}


def main(people: int = 160, epochs: int = 8) -> None:
    """Take them all anew; of a home that is named as the argument, which is copied, or of one made for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if sys.argv[1:]:
            home = folder / "home"
            shutil.copytree(sys.argv[1], home)
        else:
            home = a_home(folder, people=people, epochs=epochs)
        done(home, "features", "sample-export", "--out", str(folder / "export.zip"))
        with a_server(home) as server, a_dashboard(home, server.url) as url:
            for scheme in ("light", "dark"):
                with a_browser(color_scheme=scheme) as page:
                    _walk(page, url, folder / "export.zip", scheme)
            with a_dashboard(home, server.url, "--gradio") as former, a_browser(color_scheme="light") as page:
                _ask_the_former(page, former, folder / "export.zip")


def _walk(page: Any, url: str, export: Path, scheme: str) -> None:
    page.goto(url)
    page.get_by_role("heading", name="Who listens as you do?").wait_for()
    _take(page, f"find-{scheme}")
    page.locator("input[type=file]").set_input_files(export)
    page.get_by_role("button", name="Join the community").click()
    page.get_by_role("heading", name="Your soundalikes").wait_for()
    settled(page)
    _take(page, f"results-{scheme}", below="Your soundalikes")
    page.get_by_role("tab", name="Side by side").click()
    page.wait_for_timeout(1500)
    _take(page, f"side-by-side-{scheme}", below="Your soundalikes")
    page.get_by_role("tab", name="People").click()
    page.get_by_role("button", name="Compare with").first.click()
    page.get_by_role("heading", name="What only one has").wait_for()
    _take(page, f"compare-{scheme}")
    for title, name in PAGES.items():
        page.get_by_role("link", name=title, exact=True).first.click()
        page.wait_for_timeout(1500)
        _take(page, f"{name}-{scheme}")
    if scheme == "light":
        page.goto(url)
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_timeout(1500)
        _take(page, "narrow-light", height=844)


def _ask_the_former(page: Any, url: str, export: Path) -> None:
    page.goto(url)
    page.get_by_text("No link, or to be found by others").click()
    page.locator("input[type=file]").set_input_files(export)
    page.get_by_text("export.zip").wait_for()
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Recommended profiles").wait_for()
    page.wait_for_timeout(1000)
    _save(page, "gradio-light", {"x": 0, "y": 0, "width": WIDTH, "height": 900})


def _take(page: Any, name: str, *, below: str | None = None, height: int | None = None) -> None:
    """A picture of a page, as high as it is, or of what is ``below`` a heading; in few colours, so that it is small."""
    settled(page)
    page.wait_for_timeout(1000)
    size = page.viewport_size
    full = int(page.locator(".stMainBlockContainer").bounding_box()["height"])
    page.set_viewport_size({"width": size["width"], "height": height or max(600, full)})
    page.wait_for_timeout(1200)
    top = 0
    if below is not None:
        top = max(0, int(page.get_by_role("heading", name=below).bounding_box()["y"]) - 40)
    _save(page, name, {"x": 0, "y": top, "width": size["width"], "height": min(LONGEST, (height or full) - top)})
    page.set_viewport_size(size)


def _save(page: Any, name: str, clip: dict[str, int]) -> None:
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file, clip=clip)
    Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
