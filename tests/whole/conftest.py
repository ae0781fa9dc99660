"""What the tests in a browser share: one community, one server and one dashboard; they are in one group of xdist."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.whole.browser import a_browser, a_dashboard, chromium
from tests.whole.programs import Server, a_server, a_small_home, done


@dataclass
class Whole:
    """A community with a server and a dashboard.

    Attributes:
        folder: holds the home, profiles.jsonl.gz and export.zip.
        spare: the home before anybody joined, for a server that may be treated badly.
        url: of the dashboard.
    """

    folder: Path
    spare: Path
    server: Server
    url: str


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    chromium()  # skips before anything is built
    home = a_small_home(tmp_path_factory, "dashboard")
    folder = home.parent
    spare = shutil.copytree(home, folder / "spare")
    done(home, "features", "sample-export", "--out", str(folder / "export.zip"))
    with a_server(home, SOUNDALIKE_MAP_EVERY_S="1") as server, a_dashboard(home, server.url) as url:
        yield Whole(folder, spare, server, url)


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of a browser in which no script may show itself."""
    with a_browser() as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        yield page
