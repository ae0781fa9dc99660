"""What the index keeps when its process is killed: run as processes of their own, since a death cannot be faked."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from features.profile import UserId
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.errors import IndexUnavailable, NoIndex
from indexer.settings import IndexSettings
from tests.indexer.test_index_contract import WIDTH, a_person, a_version

ROOT = Path(__file__).parents[2]
START = """
import os, sys
from pathlib import Path
import numpy as np
from features.identity import point_id
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.ports import PersonVector
from indexer.settings import IndexSettings
catalog = EdgeIndexCatalog(Path(sys.argv[1]), IndexSettings())
def people(batch):
    rows = np.random.default_rng(batch).standard_normal((20, 4)).astype(np.float32)
    return [PersonVector(f"b{batch}-{number}", row, {"source": "test"}) for number, row in enumerate(rows)]
"""
WRITE = (
    START
    + """
index = catalog.open(sys.argv[2])
for batch in range(10_000):
    index.upsert(people(batch))
    if batch:
        index.delete([point_id(f"b{batch - 1}-0")])
    print(batch, flush=True)
"""
)
BUILD = (
    START
    + """
builder = catalog.create(1, 4)
for batch in range(10_000):
    builder.add(people(batch))
    print(batch, flush=True)
"""
)
HOLD = (
    START
    + """
index = catalog.open(sys.argv[2])
print("open", flush=True)
sys.stdin.read()
"""
)


def a_process(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def killed_after(process: subprocess.Popen[str], batches: int) -> int:
    """Kill a process that has told of so many batches; returns the last one that it told of."""
    assert process.stdout is not None
    for _ in range(batches):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read()  # with what readline has taken in already, which communicate would not give
    process.communicate()
    return batches - 1 + len([line for line in rest.split("\n")[:-1] if line])


@pytest.fixture
def catalog(tmp_path: Path) -> EdgeIndexCatalog:
    return EdgeIndexCatalog(tmp_path / "index", IndexSettings())


@pytest.mark.parametrize("batches", [1, 7, 40])
def test_every_write_that_returned_survives_the_death_of_its_process(
    catalog: EdgeIndexCatalog, tmp_path: Path, batches: int
) -> None:
    name = a_version(catalog, a_person("ann"))
    last = killed_after(a_process(WRITE, str(tmp_path / "index"), name), batches)

    written = [UserId(f"b{batch}-{number}") for batch in range(last + 1) for number in range(20)]
    deleted = {UserId(f"b{batch}-0") for batch in range(last)}
    with closing(catalog.open(name)) as index:
        found, count = index.get(written), index.count()
    # What was under way when it died may be there, too; nothing else may be.
    assert found.keys() >= set(written) - deleted - {UserId(f"b{last}-0")}
    assert not found.keys() & deleted
    vector = np.random.default_rng(last).standard_normal((20, WIDTH)).astype(np.float32)[5]
    assert found[UserId(f"b{last}-5")].vector == pytest.approx(vector / np.linalg.norm(vector), abs=1e-6)
    ann_and_the_told = 1 + len(written) - len(deleted)
    assert ann_and_the_told - 1 <= count <= ann_and_the_told + 20


def test_a_build_that_died_leaves_the_live_version_and_is_swept_away(catalog: EdgeIndexCatalog, tmp_path: Path) -> None:
    live = a_version(catalog, a_person("ann"))
    killed_after(a_process(BUILD, str(tmp_path / "index")), 3)
    staging = tmp_path / "index" / "versions" / ".staging-users-v1-b2"

    assert staging.is_dir()
    assert catalog.live().name == live
    with pytest.raises(NoIndex):
        catalog.open("users-v1-b2")
    assert a_version(catalog, a_person("bob")) == "users-v1-b3"
    assert not staging.exists()


def test_a_build_that_lives_is_not_swept_away(catalog: EdgeIndexCatalog, tmp_path: Path) -> None:
    process = a_process(BUILD, str(tmp_path / "index"))
    assert process.stdout is not None
    process.stdout.readline()

    a_version(catalog, a_person("ann"))

    assert (tmp_path / "index" / "versions" / ".staging-users-v1-b1").is_dir()
    killed_after(process, 1)


def test_what_another_process_has_open_is_neither_opened_nor_dropped(catalog: EdgeIndexCatalog, tmp_path: Path) -> None:
    held = a_version(catalog, a_person("ann"), age=3)
    process = a_process(HOLD, str(tmp_path / "index"), held)
    assert process.stdout is not None
    process.stdout.readline()
    for age in (2, 1):
        a_version(catalog, a_person("bob"), age=age)

    with pytest.raises(IndexUnavailable, match="Another process"):
        catalog.open(held)
    assert catalog.prune(1) == ["users-v1-b2"]
    process.communicate("")
    assert catalog.prune(1) == [held]
