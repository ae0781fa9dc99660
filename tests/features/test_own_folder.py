"""Folders that are there as long as who made them."""

import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from features.files import tried
from features.own_folder import own_folder

HOLDS = """
import sys, time
from pathlib import Path
from features.own_folder import own_folder
with own_folder(Path(sys.argv[1]), siblings="of-*") as folder:
    (folder / "people").touch()
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("breaks_off", [False, True])
def test_it_is_its_owners_alone_and_gone_when_the_block_ends(tmp_path: Path, breaks_off: bool):
    try:
        with own_folder(tmp_path / "some" / "of-me", siblings="of-*") as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            (folder / "people").touch()
            if breaks_off:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert list((tmp_path / "some").iterdir()) == []


def test_that_of_a_process_that_was_killed_is_swept_and_that_of_one_that_lives_is_not(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path / "of-another"], stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            (tmp_path / "of-no-kind").mkdir()  # without a lock: being made, or not one of these
            with own_folder(tmp_path / "of-me", siblings="of-*"):
                assert {each.name for each in tmp_path.iterdir()} == {"of-another", "of-me", "of-no-kind"}
        finally:
            other.kill()
    assert (tmp_path / "of-another" / "people").exists()
    with own_folder(tmp_path / "of-me", siblings="of-*"):
        assert {each.name for each in tmp_path.iterdir()} == {"of-me", "of-no-kind"}


@pytest.mark.parametrize("was_quicker", [False, True])
def test_one_that_is_swept_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was_quicker: bool
):
    made = []

    @contextmanager
    def sweeping(lock: Path) -> Iterator[bool]:
        with tried(lock) as is_held:
            made.append(lock)
            if len(made) == 1:
                shutil.rmtree(lock.parent)
            yield is_held and (len(made) > 1 or not was_quicker)

    monkeypatch.setattr("features.own_folder.tried", sweeping)
    with own_folder(tmp_path / "of-me", siblings="of-*") as folder:
        assert (folder / "lock").exists()
        assert len(made) == 2


def test_one_that_another_has_is_refused(tmp_path: Path):
    with (
        own_folder(tmp_path / "of-me", siblings="of-*"),
        pytest.raises(FileExistsError),
        own_folder(tmp_path / "of-me", siblings="of-*"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
