"""``python -m indexer --erase`` as it is typed: what it says, how it ends, and that it is quick where it can be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.indexer.erasing import Home, everybody

ROOT = Path(__file__).parents[2]
TYPED = """
import runpy, sys
sys.argv = ["python -m indexer", *sys.argv[1:]]
try:
    runpy.run_module("indexer", run_name="__main__")
finally:
    print("torch" if "torch" in sys.modules else "no torch")
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.store.upsert(everybody())
    home.publish(2)
    home.publish(3)
    return home


def typed(home: Home, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, and standard error."""
    command = [sys.executable, "-c", TYPED, "--erase", *arguments]
    environment = {**os.environ, "SOUNDALIKE_HOME": str(home.folder)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60, check=False)
    return run.returncode, run.stdout, run.stderr


def test_where_nobody_was_deleted_it_says_so_without_loading_a_model(home: Home):
    assert typed(home) == (0, "no torch\n", "nothing to do: no version holds bytes of deleted people\n")


def test_what_was_rewritten_is_said(home: Home):
    home.delete(7)
    told = "rewritten: users-v2-b1, users-v3-b1\nno version holds bytes of deleted people\n"
    assert typed(home) == (0, "no torch\n", told)
    assert home.left_of(7) == []


def test_what_is_still_in_use_is_said_with_the_mend_and_fails(home: Home):
    home.delete(7)
    with home.opened("users-v2-b1"):
        code, _, told = typed(home, "--wait", "0")

    assert code == 2
    rewritten, error = told.splitlines()
    assert rewritten == "rewritten: users-v3-b1"
    assert "users-v2-b1" in error
    assert "Run python -m indexer --erase again" in error
