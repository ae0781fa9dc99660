"""The programs as a user runs them: commands, and a server on a free port."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import pytest

from features.files import locked
from tests.ports import a_free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SMALL, LARGE = 60, 120


def command(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """``python -m ARGUMENTS`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(home, settings),
        timeout=300,
        check=False,
    )


def done(home: Path, *arguments: str, **settings: str) -> str:
    """What a command prints that has to work."""
    run = command(home, *arguments, **settings)
    assert run.returncode == 0, run.stderr
    return run.stdout


def a_home(folder: Path, *, people: int, epochs: int) -> Path:
    """A home in ``folder`` with a synthetic community, a model and an index; the profiles lie beside it."""
    home = folder / "home"
    done(home, "features", "synthesize", "--people", str(people), "--out", str(folder))
    done(home, "features", "import", str(folder / "profiles.jsonl.gz"))
    done(home, "trainer", "train", SOUNDALIKE_EPOCHS=str(epochs))
    done(home, "indexer")
    return home


def a_small_home(factory: pytest.TempPathFactory, name: str) -> Path:
    """A home of one's own, with a community of ``SMALL``, a model and an index; the profiles lie beside it."""
    folder = factory.mktemp(name)
    shutil.copytree(_made_once(factory, "small", _small), folder, dirs_exist_ok=True)
    return folder / "home"


def a_home_that_knows_texts(factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A new home in ``folder``, with vectors of all texts of synthetic communities of up to ``LARGE`` people.

    They were made by the real text model, which takes longest of all, once for all of pytest-xdist's processes.
    """
    home = folder / "home"
    home.mkdir()
    shutil.copy(_made_once(factory, "large", _large) / "home" / "texts.db", home)
    return home


def _small(folder: Path, factory: pytest.TempPathFactory) -> None:
    a_home_that_knows_texts(factory, folder)
    a_home(folder, people=SMALL, epochs=2)


def _large(folder: Path, _factory: pytest.TempPathFactory) -> None:
    done(folder / "home", "features", "synthesize", "--people", str(LARGE), "--out", str(folder))
    done(folder / "home", "features", "import", str(folder / "profiles.jsonl.gz"))


def _made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path, pytest.TempPathFactory], None]
) -> Path:
    """A folder that is made once for all of pytest-xdist's processes, whose own folders lie side by side."""
    mine = factory.getbasetemp()
    ours = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    with locked(ours / f"{name}.lock"):
        if not (ours / name).exists():
            being_made = factory.mktemp(name)
            make(being_made, factory)
            being_made.rename(ours / name)
    return ours / name


@dataclass
class Server:
    url: str
    process: subprocess.Popen[bytes]
    stderr: IO[bytes]

    def said(self) -> str:
        self.stderr.seek(0)
        return self.stderr.read().decode()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=150)

    def ready(self) -> dict[str, object]:
        answer: dict[str, object] = self.get("/readyz").json()
        return answer


def traces_of(words: Sequence[str], home: Path) -> list[str]:
    """Every file that holds one of the words, whether as UTF-8 or as UTF-16."""
    patterns = [word.encode(coding).lower() for word in words for coding in ("utf-8", "utf-16-le")]
    found = []
    for file in sorted(home.rglob("*")):
        if file.is_file():
            content = file.read_bytes().lower()
            found += [f"{file.relative_to(home)}: {pattern!r}" for pattern in patterns if pattern in content]
    return found


@contextmanager
def a_server(home: Path, *, port: int | None = None, **settings: str) -> Iterator[Server]:
    """``python -m retriever`` until the block ends; it may have died by then."""
    port = port or a_free_port()
    said = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    process = subprocess.Popen(
        [sys.executable, "-m", "retriever", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=said,
        cwd=ROOT,
        env=environment(home, settings),
    )
    try:
        server = Server(f"http://127.0.0.1:{port}", process, said)
        until(lambda: _answers(server))
        yield server
    finally:
        process.kill()
        process.wait()
        said.close()


def _answers(server: Server) -> bool:
    assert server.process.poll() is None, f"the server stopped: {server.said()}"
    try:
        return server.get("/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def environment(home: Path, settings: dict[str, str]) -> dict[str, str]:
    """What a program is told. Few servers of the tests ever meet a new text: the others need no text model.

    The machine may be busy with other tests: what is not about time is given plenty.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOUNDALIKE_")}
    patience = {"SOUNDALIKE_REQUEST_TIMEOUT_S": "120", "SOUNDALIKE_STORE_TIMEOUT_S": "30"}
    usual = {"SOUNDALIKE_HOME": str(home), "COLUMNS": "200", "SOUNDALIKE_WARM_UP": "false"}
    return {**kept, **usual, **patience, **settings}
