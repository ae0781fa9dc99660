"""Folders for certificates: of one process each, for its owner's eyes, cleared away when it was killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from features.hopsworks import certificates

MAKES = "from features.hopsworks import certificates; print(certificates.make_folder(), flush=True); input()"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def a_process(place: Path) -> Iterator[Path]:
    """The folder of another process, which is killed afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKES],
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_is_for_its_owner_only():
    assert Path(certificates.make_folder()).stat().st_mode & 0o777 == 0o700


def test_what_a_killed_process_left_is_cleared_away_and_not_before(place: Path):
    with a_process(place) as folder:
        (folder / "client_key.pem").write_text("a key")
        own = Path(certificates.make_folder())
        assert folder.is_dir()
    again = Path(certificates.make_folder())
    assert set(place.iterdir()) == {own, again}


def test_the_folder_of_a_process_that_is_not_ours_to_look_at_stays(place: Path, monkeypatch: pytest.MonkeyPatch):
    def not_allowed(_process: int, _signal: int) -> None:
        raise PermissionError

    other = place / "soundalike-hopsworks-4242-abc"
    other.mkdir()
    monkeypatch.setattr(os, "kill", not_allowed)
    certificates.make_folder()
    assert other.is_dir()


@pytest.mark.parametrize("name", ["soundalike-hopsworks-", "soundalike-hopsworks-mine", "soundalike-hopsworks--5-x"])
def test_what_is_named_otherwise_is_left_alone(place: Path, name: str):
    (place / name).mkdir()
    certificates.make_folder()
    assert (place / name).is_dir()
