"""A community that moves to another machine as files, and is embedded there by processes that Ray started."""

import shutil
from pathlib import Path

import pytest

from tests.whole.programs import a_small_home, command, done

pytestmark = pytest.mark.xdist_group("many machines")
RAY = {"SOUNDALIKE_INDEX_ENGINE": "ray", "SOUNDALIKE_RAY_ACTORS": "1", "SOUNDALIKE_RAY_SHARDS": "2"}


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that a community came into as files, with the model that it is embedded with."""
    there = tmp_path_factory.mktemp("there")
    here = a_small_home(tmp_path_factory, "here")
    done(here, "features", "dump", str(there / "people"), "--shards", "3")
    shutil.copytree(here / "models", there / "home" / "models")
    done(there / "home", "features", "load", str(there / "people"))
    return there / "home"


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
