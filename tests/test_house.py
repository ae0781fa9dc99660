"""The rules of the house that no tool checks: what modules are like, and that help comes at once."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = ("features", "trainer", "indexer", "retriever", "dashboard")
ROOT = Path(__file__).parent.parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
HEAVY = (
    *("torch", "sentence_transformers", "transformers", "qdrant_client", "scipy", "fastapi", "matplotlib"),
    *("hopsworks", "hsfs", "pyarrow", "pandas", "deltalake", "spotipy", "datasets", "streamlit", "plotly"),
)
MAX_LINES = 300

ASKS_OUTSIDE = re.compile(
    r"(httpx|requests)\.(request|get|post|put|patch|delete|head|stream|Client|AsyncClient)"
    r"|sqlite3\.connect|subprocess\.(run|call|check_call|check_output)|socket\.create_connection|(.*\.)?urlopen"
)

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


def calls_without_timeout(text: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [
        ast.unparse(call.func)
        for call in calls
        if ASKS_OUTSIDE.fullmatch(ast.unparse(call.func)) and "timeout" not in {each.arg for each in call.keywords}
    ]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_outside_is_asked_without_a_timeout(module: str):
    assert calls_without_timeout((ROOT / module).read_text(encoding="utf-8")) == []


def test_a_call_without_a_timeout_is_seen():
    assert calls_without_timeout("httpx.get(url)\nhttpx.get(url, timeout=1)\nself.get(url)") == ["httpx.get"]


@pytest.mark.parametrize("room", ROOMS)
def test_help_comes_without_loading_heavy_libraries(room: str):
    script = HELP.format(room=room, heavy=HEAVY)
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "Usage" in run.stdout
    assert run.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.xdist_group("house")
def test_tests_that_share_a_home_are_kept_together(request: pytest.FixtureRequest):
    is_worker = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@house") is is_worker


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_typed(room: str):
    assert (ROOT / room / "py.typed").is_file()


def test_files_of_tests_have_names_of_their_own():
    names = [path.name for path in TESTS]
    assert sorted(set(names)) == sorted(names)
