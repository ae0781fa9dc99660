"""Folders that are there as long as who made them."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from features.files import locked, tried
from features.own_folder import own_folder, sweep
from tests.waiting import until

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
            (tmp_path / "of-one-killed-before-it-had-a-lock").mkdir()
            (tmp_path / "anything-else").mkdir()
            with own_folder(tmp_path / "of-me", siblings="of-*"):
                assert {each.name for each in tmp_path.iterdir()} == {"of-another", "of-me", "anything-else"}
        finally:
            other.kill()
    assert (tmp_path / "of-another" / "people").exists()
    with own_folder(tmp_path / "of-me", siblings="of-*"):
        assert {each.name for each in tmp_path.iterdir()} == {"of-me", "anything-else"}


@pytest.mark.parametrize("has_locked", [False, True])
def test_one_that_is_swept_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_locked: bool
):
    made = []

    @contextmanager
    def swept_before(lock: Path, **patience: float) -> Iterator[None]:
        made.append(lock)
        if len(made) == 1:
            if has_locked:
                lock.touch()
            sweep(tmp_path, "of-*")
        with locked(lock, **patience):
            yield

    monkeypatch.setattr("features.own_folder.locked", swept_before)
    with own_folder(tmp_path / "of-me", siblings="of-*") as folder:
        assert (folder / "lock").exists()
        assert len(made) == 2


def test_what_a_deletion_left_that_broke_off_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    def work() -> None:
        with own_folder(tmp_path / "of-me", siblings="of-*") as folder:
            (folder / "people").mkdir()
            (folder / "people" / "p0").touch()

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            work()
    assert (tmp_path / "of-me" / "people" / "p0").exists()
    assert (tmp_path / "of-me" / "lock").exists()  # or another of this name would begin in what is being deleted
    sweep(tmp_path, "of-*")
    assert list(tmp_path.iterdir()) == []


def test_one_of_the_same_name_that_was_left_behind_is_taken_over_empty(tmp_path: Path):
    (tmp_path / "of-me" / "people").mkdir(parents=True)
    with own_folder(tmp_path / "of-me", siblings="of-*") as folder:
        assert [each.name for each in folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("others", ["link", "folder"])
def test_what_is_another_users_is_neither_swept_nor_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: str
):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "dear").touch()
    if others == "link":
        (tmp_path / "of-me").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "elsewhere").rename(tmp_path / "of-me")
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    sweep(tmp_path, "of-*")
    with pytest.raises(FileExistsError), own_folder(tmp_path / "of-me", siblings="of-*"):
        pass
    assert (tmp_path / "of-me" / "dear").exists()


def test_one_that_another_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("features.own_folder._PATIENCE_S", 0.1)
    with (
        own_folder(tmp_path / "of-me", siblings="of-*"),
        pytest.raises(FileExistsError),
        own_folder(tmp_path / "of-me", siblings="of-*"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_deleted_by_who_held_it_is_waited_for_anew(tmp_path: Path):
    with ExitStack() as holding, ThreadPoolExecutor(1) as other:
        first = holding.enter_context(ExitStack())
        first.enter_context(locked(tmp_path / "lock"))

        def second() -> bool:
            with locked(tmp_path / "lock", patience_s=30), tried(tmp_path / "lock") as is_free:
                return is_free

        waits = other.submit(second)
        until(lambda: [each.path for each in psutil.Process().open_files()].count(str(tmp_path / "lock")) == 2)
        (tmp_path / "lock").unlink()
        first.close()
        assert waits.result() is False  # who came second holds the lock that others find
