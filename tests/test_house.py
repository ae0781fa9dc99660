"""The rules of the house that no tool checks: what modules are like, and that help comes at once."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = ("features", "trainer", "indexer", "retriever")
ROOT = Path(__file__).parent.parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
HEAVY = ("torch", "sentence_transformers", "transformers", "qdrant_client", "scipy", "fastapi", "matplotlib")
MAX_LINES = 300

HELP = """
import runpy, sys
sys.argv = ["python -m {room}", "--help"]
try:
    runpy.run_module("{room}", run_name="__main__")
except SystemExit as exit:
    assert not exit.code, exit.code
print("loaded:", *sorted(set({heavy}) & sys.modules.keys()))
"""


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_lives_in_it(module: str):
    text = (ROOT / module).read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_read_at_one_sitting(module: str):
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("room", ROOMS)
def test_help_comes_without_loading_heavy_libraries(room: str):
    script = HELP.format(room=room, heavy=HEAVY)
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "Usage" in run.stdout
    assert run.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_typed(room: str):
    assert (ROOT / room / "py.typed").is_file()


def test_files_of_tests_have_names_of_their_own():
    names = [path.name for path in TESTS]
    assert sorted(set(names)) == sorted(names)
