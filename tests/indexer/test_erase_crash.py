"""An eraser that is killed at any point leaves every version whole, and the next one leaves no byte."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from indexer.erase import Erased
from tests.indexer.erasing import PEOPLE, Home, Server, answers, everybody

ROOT = Path(__file__).parents[2]
ERASER = """
import os, shutil, signal, sys
from pathlib import Path
import indexer.edge_folder, indexer.edge_rewrite, indexer.files
from indexer.edge_catalog import EdgeIndexCatalog
from tests.indexer.erasing import Home

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def remove_some_and_die(folder):
    for file in sorted(path for path in folder.rglob("*") if path.is_file())[::2]:
        file.unlink()
    die()

home = Home(Path(sys.argv[1]))
{arm}
print("begins", flush=True)
home.erase(wait_s=30)
"""
POINTS = {
    "before the copy": "indexer.edge_rewrite.load_shard = die",
    "after the copy": "indexer.edge_rewrite.build_graph = die",
    "before the facts are written": "indexer.edge_rewrite.write_manifest = die",
    "before the facts are swapped": "indexer.files.os.replace = die",
    "after the facts are swapped": "indexer.edge_rewrite.sweep = die",
    "while the former shard is removed": "indexer.edge_folder.shutil.rmtree = remove_some_and_die",
}
IN_PLACE_POINTS = {
    "while another one is built": "EdgeIndexCatalog.create = die",
    "before the alias is moved": "EdgeIndexCatalog.replace = die",
    "after the alias was moved": "EdgeIndexCatalog.drop = die",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.store.upsert(everybody())
    home.publish()
    return home


def an_eraser(home: Home, arm: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ERASER.format(arm=arm), str(home.folder)]
    eraser = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert eraser.stdout is not None
    assert eraser.stdout.readline() == "begins\n"
    return eraser


def died(eraser: subprocess.Popen[str]) -> bool:
    eraser.communicate()
    return eraser.returncode == -signal.SIGKILL


@pytest.mark.parametrize("arm", POINTS.values(), ids=POINTS.keys())
def test_an_eraser_that_dies_leaves_the_version_whole_and_the_next_one_no_byte(home: Home, arm: str):
    with home.opened() as index:
        before = answers(index, but=7)
    home.delete(7)

    assert died(an_eraser(home, arm))

    with home.opened() as index:
        assert answers(index, but=7) == before
    home.erase()
    assert home.left_of(7) == []
    with home.opened() as index:
        assert answers(index, but=7) == before
        assert index.count() == PEOPLE - 1


def test_a_former_shard_that_an_eraser_left_is_removed_by_the_next_one_that_has_nothing_to_rewrite(home: Home):
    home.delete(7)
    assert died(an_eraser(home, POINTS["after the facts are swapped"]))
    assert home.left_of(7) != []

    assert home.erase() == Erased()
    assert home.left_of(7) == []


@pytest.mark.parametrize("arm", IN_PLACE_POINTS.values(), ids=IN_PLACE_POINTS.keys())
def test_an_eraser_that_dies_while_a_server_runs_takes_nothing_from_it_and_the_next_one_leaves_no_byte(
    home: Home, arm: str
):
    with Server(home) as server:
        before = server.answers(but=7)
        home.delete(7)

        assert died(an_eraser(home, arm))

        assert server.answers(but=7) == before
        assert home.erase(wait_s=30).in_use == ()
        assert server.answers(but=7) == before
    assert home.left_of(7) == []


def test_erasers_that_are_killed_at_any_time_lose_nobody_and_leave_nobody(home: Home):
    killed = 0
    for number, delay in enumerate(np.random.default_rng(0).uniform(0, 0.4, size=5)):
        home.delete(number)
        eraser = an_eraser(home)
        time.sleep(delay)  # the point of it: wherever the eraser may be by then
        os.kill(eraser.pid, signal.SIGKILL)
        killed += died(eraser)
        with home.opened() as index:
            assert len(answers(index)) >= PEOPLE - number - 1

    home.erase()
    assert killed
    assert home.left_of(*range(5)) == []
    with home.opened() as index:
        assert len(answers(index)) == index.count() == PEOPLE - 5
