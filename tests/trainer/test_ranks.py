"""One network, trained by several processes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.ports import a_free_port
from tests.trainer.training_together import SETTINGS, lessons, trained
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.ranks import Alone
from trainer.training import Losses, Progress, Trainer

ROOT = Path(__file__).parents[2]
ALONE = Alone()


def together(folder: Path) -> subprocess.CompletedProcess[str]:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*torchrun, "-m", "tests.trainer.training_together", str(folder)]
    environment = {**os.environ, "TMPDIR": str(folder)}  # torchrun leaves a folder there
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def two_machines(folder: Path) -> list[subprocess.CompletedProcess[str]]:
    """Two processes on one, and one on the other; all that they have in common is ``folder`` and the network."""
    port = a_free_port()
    meeting = ["--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-id=two", "--local-addr=127.0.0.1"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", *meeting]
    program = ["-m", "tests.trainer.training_together", str(folder)]

    def run(machine: str, processes: int) -> subprocess.CompletedProcess[str]:
        (folder / machine).mkdir()
        environment = {**os.environ, "TMPDIR": str(folder / machine)}
        command = [*torchrun, f"--nproc-per-node={processes}", *program]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    with ThreadPoolExecutor() as machines:
        return list(machines.map(run, ["one", "other"], [2, 1]))


def outcome_of(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "outcome.npz") as found:
        return dict(found)


def test_three_processes_on_two_machines_end_with_the_model_of_one(tmp_path: Path) -> None:
    alone = trained(ALONE, NoCheckpoint(), tmp_path)

    runs = two_machines(tmp_path)

    assert [run.returncode for run in runs] == [0, 0], [run.stderr for run in runs]
    found = outcome_of(tmp_path)
    assert found.keys() == alone.keys()
    for name, value in alone.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-3, atol=2e-4, err_msg=name)
    assert (tmp_path / "machines").read_text() == "2"
    assert not list(tmp_path.rglob("*lessons-*"))  # what was drawn of people is gone, each machine's copy, too


class _Cut(Exception):
    """The power goes."""


def test_a_run_that_one_process_began_is_ended_by_two(tmp_path: Path) -> None:
    def cut(epoch: int, _losses: Losses) -> None:
        if epoch == 3:
            raise _Cut

    with pytest.raises(_Cut):
        Trainer(SETTINGS, lessons(tmp_path, ALONE)).fit(Progress(cut), Checkpoint(tmp_path / "checkpoint", "key"))
    (tmp_path / "checkpoint of rank 1").write_bytes(b"")
    run = together(tmp_path)
    assert run.returncode != 0
    assert "do not see the same files" in run.stderr

    (tmp_path / "checkpoint of rank 1").unlink()
    run = together(tmp_path)
    assert run.returncode == 0, run.stderr
    alone = trained(ALONE, NoCheckpoint(), tmp_path)
    found = outcome_of(tmp_path)
    for name, value in alone.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-3, atol=2e-4, err_msg=name)
