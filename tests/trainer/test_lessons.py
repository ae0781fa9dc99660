"""Lessons are drawn of people who come in batches, and of a store that goes on changing meanwhile."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features.user_features import UserFeatures
from tests.builders import WordEncoder, a_community, features_of
from tests.trainer.test_training import SMALL
from trainer import lessons as lessons_module
from trainer.errors import TrainingUnderWay, UnwritableLessons
from trainer.lesson_files import Lessons, open_lessons
from trainer.lesson_folder import lesson_folder, opened_together
from trainer.lessons import prepare
from trainer.ranks import Alone

PEOPLE = features_of(*a_community(61))


class Changing:
    """People who come and go between two readings."""

    def __init__(self, *readings: list[UserFeatures]) -> None:
        self._readings = iter(readings)

    def __iter__(self) -> Iterator[UserFeatures]:
        return iter(next(self._readings))


def drawn(people: object, folder: Path) -> Lessons:
    prepare(people, WordEncoder(), SMALL, folder, lambda _what: None)  # type: ignore[arg-type]
    return open_lessons(folder)


@pytest.mark.parametrize("batch", [1, 7, 60])
def test_batches_cover_everybody_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int):
    monkeypatch.setattr(lessons_module, "BATCH", batch)
    lessons = drawn(PEOPLE, tmp_path)
    assert len(lessons) == 61
    for views, hidden in zip(lessons.views, lessons.hidden, strict=True):
        assert views.usable.all()
        for inputs in (views.left, views.right, hidden.inputs):
            assert inputs.present.any(axis=1).all()
        assert (np.diff(hidden.hidden.indptr) > 0).all()


def test_nothing_is_drawn_of_who_has_left_meanwhile_or_has_only_just_come(tmp_path: Path):
    lessons = drawn(Changing(PEOPLE[:60], [*PEOPLE[:10], *PEOPLE[11:]]), tmp_path)
    assert len(lessons) == 60
    for views, hidden in zip(lessons.views, lessons.hidden, strict=True):
        assert np.flatnonzero(~views.usable).tolist() == [10]
        for inputs in (views.left, views.right, hidden.inputs):
            assert np.flatnonzero(~inputs.present.any(axis=1)).tolist() == [10]
        assert np.flatnonzero(np.diff(hidden.hidden.indptr) == 0).tolist() == [10]


def test_inputs_are_mapped_from_files_that_may_go(tmp_path: Path):
    with lesson_folder(tmp_path, Alone()) as folder:
        lessons = drawn(PEOPLE, folder)
        values = lessons.views[0].left.values
        assert isinstance(values, np.memmap)
        before = np.array(values)
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(values, before)


def test_what_a_run_that_was_killed_has_left_is_swept_and_what_another_holds_stays(tmp_path: Path):
    for name in ("lessons-killed", "lessons-alive"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").touch()
    with (tmp_path / "lessons-alive" / "lock").open("ab") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        with lesson_folder(tmp_path, Alone()) as folder:
            assert {each.name for each in tmp_path.glob("lessons-*")} == {"lessons-alive", folder.name}


def test_two_runs_of_one_name_are_refused(tmp_path: Path):
    run = Alone()
    with lesson_folder(tmp_path, run), pytest.raises(TrainingUnderWay), lesson_folder(tmp_path, run):
        pass


def test_what_breaks_off_while_it_is_drawn_leaves_nothing(tmp_path: Path):
    def draw() -> None:
        with lesson_folder(tmp_path, Alone()) as folder:
            (folder / "something").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_told_before_anything_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def draw() -> None:
        with lesson_folder(tmp_path, Alone()) as folder:
            drawn(PEOPLE, folder)

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UnwritableLessons, match="No space left on device"):
        draw()
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_is_none_of_the_disks_stays_what_it_is(tmp_path: Path):
    def draw() -> None:
        with lesson_folder(tmp_path, Alone()):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        draw()


class Another(Alone):
    """One of two machines."""

    machines = 2


def test_a_machine_without_room_for_its_copy_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(source: str, _target: str, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", source)

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(shutil, "copyfile", full)
    ranks = Another()

    def draw() -> None:
        with lesson_folder(tmp_path, ranks) as folder:
            drawn(PEOPLE, folder)
            opened_together(folder, ranks)

    with pytest.raises(UnwritableLessons, match=r"soundalike-lessons-\d+: \[Errno 28\] No space left on device"):
        draw()
    assert not list(tmp_path.rglob("*lessons-*"))


def test_the_copy_of_a_machine_that_was_killed_is_swept_by_any_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary" / "soundalike-lessons-x").mkdir(parents=True)
    with lesson_folder(tmp_path, Alone()):
        assert list((tmp_path / "temporary").iterdir()) == []
