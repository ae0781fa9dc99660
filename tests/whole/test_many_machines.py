"""A community whose model two processes train, and that moves to another machine as files, to be embedded by Ray."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.waiting import until
from tests.whole.programs import ROOT, a_small_home, command, done, environment
from trainer.registry import LocalModelRegistry

pytestmark = pytest.mark.xdist_group("many machines")
RAY = {"SOUNDALIKE_INDEX_ENGINE": "ray", "SOUNDALIKE_RAY_ACTORS": "1", "SOUNDALIKE_RAY_SHARDS": "2"}


@dataclass
class Torchrun:
    """``torchrun --nproc-per-node=2 -m trainer train``, and the folder of what it and each rank say."""

    home: Path
    folder: Path
    process: psutil.Popen

    def said(self, rank: int, stream: str = "stderr") -> str:
        (log,) = self.folder.glob(f"logs/*/attempt_0/{rank}/{stream}.log")
        return log.read_text()

    def rank(self, number: int) -> psutil.Process:
        (process,) = [each for each in self.process.children() if each.environ()["RANK"] == str(number)]
        return process

    def left(self) -> list[object]:
        """Its processes that still run, and files that lie about; torch's own cache may stay."""
        files = [each for each in (self.folder / "tmp").iterdir() if not each.name.startswith("torchinductor")]
        return [*processes_of(self.home), *files, *self.home.rglob("*lessons-*")]


@contextmanager
def begun(home: Path, folder: Path, **settings: str) -> Iterator[Torchrun]:
    """Of its processes none is left when the block ends."""
    (folder / "tmp").mkdir()
    options = ["--standalone", "--nproc-per-node=2", "--redirects=3", f"--log-dir={folder / 'logs'}"]
    told = {"TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1", **settings}  # it warns where that is not set
    with (folder / "stderr").open("wb") as stderr:
        process = psutil.Popen(
            [sys.executable, "-m", "torch.distributed.run", *options, "-m", "trainer", "train"],
            cwd=ROOT,
            env=environment(home, told),
            stderr=stderr,
        )
    try:
        yield Torchrun(home, folder, process)
    finally:
        for each in processes_of(home):
            each.kill()
        process.wait()


def processes_of(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("SOUNDALIKE_HOME") == str(home):
                found.append(process)
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torchrun]:
    """What two processes did in a home that had no model; they believe that their errors go to a terminal."""
    home = a_small_home(tmp_path_factory, "here")
    shutil.rmtree(home / "models")
    with begun(home, tmp_path_factory.mktemp("torchrun"), SOUNDALIKE_EPOCHS="2", FORCE_COLOR="1") as torchrun:
        torchrun.process.wait(300)
        yield torchrun


@pytest.fixture(scope="module")
def moved(trained: Torchrun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that a community came into as files, with the model that it is embedded with."""
    here, there = trained.home, tmp_path_factory.mktemp("there")
    done(here, "features", "dump", str(there / "people"), "--shards", "3")
    shutil.copytree(here / "models", there / "home" / "models")
    done(there / "home", "features", "load", str(there / "people"))
    return there / "home"


def test_two_processes_train_one_model_of_which_the_first_alone_tells(trained: Torchrun):
    assert trained.process.returncode == 0, [trained.said(rank)[-2000:] for rank in (0, 1)]
    assert (trained.folder / "stderr").read_text() == ""
    (card,) = LocalModelRegistry(trained.home / "models").cards()
    assert card.accepted
    report, progress = trained.said(0, "stdout"), trained.said(0)
    assert (report.count("model v1: accepted"), report.count("people never trained on")) == (1, 1)
    assert ("asking about" in progress, "Warning" in progress, "Traceback" in progress) == (True, False, False)
    assert (trained.said(1, "stdout"), trained.said(1)) == ("", "")
    assert trained.left() == []
    assert list((trained.home / "training").iterdir()) == []


def test_processes_that_find_nobody_to_train_on_say_so_once(tmp_path: Path):
    with begun(tmp_path / "home", tmp_path) as torchrun:
        assert torchrun.process.wait(300) == 1
        assert torchrun.left() == []
    assert torchrun.said(0) == (
        "error: 0 people are left to train on; it takes 20. Import more with: python -m features import PATH\n"
    )
    assert "Traceback" not in torchrun.said(1)


def test_a_process_that_outlives_another_says_so_in_one_line(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path):
    home = a_small_home(tmp_path_factory, "outlived")
    with begun(home, tmp_path, SOUNDALIKE_EPOCHS="100000") as torchrun:
        until((home / "training" / "checkpoint.safetensors").exists, 300)
        first, other = torchrun.rank(0), torchrun.rank(1)
        torchrun.process.suspend()  # as on another machine, it is not known at once what became of the other
        other.kill()
        until(lambda: first.status() == psutil.STATUS_ZOMBIE)
        torchrun.process.resume()
        assert torchrun.process.wait(300) == 1
        assert torchrun.left() == []
    (line,) = [line for line in torchrun.said(0).splitlines() if line.startswith("error: ")]
    assert line.startswith("error: The connection to another of the processes that train together is lost: [")
    assert "Traceback" not in torchrun.said(0)
    assert torchrun.said(1) == ""
    assert [card.version for card in LocalModelRegistry(home / "models").cards()] == [1]  # which was there before


def test_an_index_that_ray_built_holds_everybody_who_came_as_files(moved: Path):
    done(moved, "indexer", **RAY)
    assert "nobody missing" in done(moved, "retriever", "reconcile", "--dry-run")
    assert list((moved / "ray").iterdir()) == []


def test_a_cluster_that_is_not_there_is_told_in_one_line(moved: Path):
    run = command(moved, "indexer", **RAY, SOUNDALIKE_RAY_ADDRESS="127.0.0.1:9")
    assert run.returncode == 2
    assert "There is no Ray cluster 127.0.0.1:9" in run.stderr
    assert "set SOUNDALIKE_RAY_ADDRESS" in run.stderr
    assert "Traceback" not in run.stderr
