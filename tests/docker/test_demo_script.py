"""What the containers' demo does with a home, by what the programs tell it: their place is taken by one that notes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.docker.files import compose, manifests

NOTES = """#!/bin/sh
echo "$*" >> "$FOLDER/asked"
case "$*" in
  *"indexer --list") exit "$LISTED" ;;
  *"features stats") printf 'people  %s\\n%s' 60 "$SOURCES" ;;
  *"trainer train") exit "$TRAINED" ;;
esac
"""
NOBODY, INVENTED = "", "  from synthetic  60\n"
REAL = "  from csv        12\n"
ALL = ["features synthesize", "features import", "trainer train", "indexer"]


def in_compose() -> str:
    (script,) = compose()["services"]["demo"]["command"]
    return str(script)


def in_kubernetes() -> str:
    (retriever,) = [each for each in manifests("demo") if each["kind"] == "StatefulSet"]
    (container,) = retriever["spec"]["template"]["spec"]["initContainers"]
    return str(container["command"][-1])


SCRIPTS = pytest.mark.parametrize("script", [in_compose(), in_kubernetes()], ids=["compose", "kubernetes"])


def run(script: str, folder: Path, *, listed: int, sources: str = "", trained: int = 0) -> tuple[int, list[str]]:
    """The exit code, and which programs were asked for after the first, without their options."""
    (folder / "python").write_text(NOTES)
    (folder / "python").chmod(0o755)
    told = {"FOLDER": str(folder), "LISTED": str(listed), "SOURCES": sources, "TRAINED": str(trained)}
    environment = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", **told}
    here = script.replace("/tmp/", f"{folder}/").replace("/data/", f"{folder}/")  # noqa: S108 - of the container
    done = subprocess.run(["sh", "-ec", here], env=environment, timeout=60, check=False)
    asked = [line.removeprefix("-m ").split() for line in (folder / "asked").read_text().splitlines()]
    assert asked.pop(0) == ["indexer", "--list"]
    return done.returncode, [" ".join(words[:2]) for words in asked if words != ["features", "stats"]]


@SCRIPTS
@pytest.mark.parametrize("sources", [NOBODY, INVENTED], ids=["nobody", "invented people"])
def test_where_nobody_real_is_a_community_is_invented(script: str, sources: str, tmp_path: Path):
    assert run(script, tmp_path, listed=5, sources=sources) == (0, ALL)


@SCRIPTS
@pytest.mark.parametrize("sources", [REAL, INVENTED + REAL], ids=["real people", "both"])
def test_nobody_is_invented_beside_real_people_who_are_indexed(script: str, sources: str, tmp_path: Path):
    assert run(script, tmp_path, listed=5, sources=sources) == (0, ALL[2:])


@SCRIPTS
def test_where_there_is_an_index_nothing_is_done(script: str, tmp_path: Path):
    assert run(script, tmp_path, listed=0) == (0, [])


@SCRIPTS
@pytest.mark.parametrize("listed", [1, 2, 130])
def test_what_cannot_be_listed_is_not_taken_for_nothing(script: str, listed: int, tmp_path: Path):
    code, asked = run(script, tmp_path, listed=listed)
    assert (code != 0, asked) == (True, [])


@SCRIPTS
@pytest.mark.parametrize(("trained", "code", "asked"), [(3, 0, ALL), (2, 1, ALL[:3])])
def test_a_model_that_is_no_better_than_the_one_there_is_leaves_that_one(
    script: str, trained: int, code: int, asked: list[str], tmp_path: Path
):
    assert run(script, tmp_path, listed=5, trained=trained) == (code, asked)
