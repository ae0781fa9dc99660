"""A folder for lessons that goes as soon as everybody has its files open: mapped files outlive their names.

So nothing that was drawn of people lies on the disk while it is trained on; what a run left that was killed before that
is swept by the next.
"""

from __future__ import annotations

import errno
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from features.own_folder import own_folder, sweep
from trainer.errors import RanksDisagree, TrainingUnderWay, UnwritableLessons
from trainer.lesson_files import Lessons, open_lessons
from trainer.ranks import Ranks

_PREFIX, _COPIES = "lessons-", "soundalike-lessons-"
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}


@contextmanager
def lesson_folder(parent: Path, ranks: Ranks) -> Iterator[Path]:
    """The folder, empty, that rank 0 fills; the other ranks find it once rank 0 says so.

    Raises:
        TrainingUnderWay: another run of the same name is at work.
        UnwritableLessons: the disk is full, or forbids it.
    """
    folder = parent / (_PREFIX + _name(ranks))
    sweep(Path(tempfile.gettempdir()), f"{_COPIES}*")  # also where the next training is of one machine
    if ranks.rank:
        yield folder
        return
    with _owned(folder, _PREFIX):
        yield folder


def opened_together(folder: Path, ranks: Ranks) -> Lessons:
    """The lessons, once rank 0 has drawn them; returns when every rank has them open.

    Raises:
        RanksDisagree: a rank does not find them.
        UnwritableLessons: there is no room for a copy of them.
    """
    ranks.agree_on(0)
    with _on_this_machine(folder, ranks) as here:
        try:
            lessons = open_lessons(here)
        except FileNotFoundError as error:
            raise RanksDisagree from error
        ranks.agree_on(len(lessons))
        return lessons


@contextmanager
def _on_this_machine(folder: Path, ranks: Ranks) -> Iterator[Path]:
    """Where several machines train, each has a copy: rows are read at random, and a shared disk may lose open files."""
    if ranks.machines == 1:
        yield folder
        return
    here = Path(tempfile.gettempdir()) / (_COPIES + _name(ranks))
    if not ranks.is_first_here:
        ranks.agree_on(0)
        yield here
        return
    with _owned(here, _COPIES):
        if not folder.is_dir():
            raise RanksDisagree
        shutil.copytree(folder, here, dirs_exist_ok=True, ignore=shutil.ignore_patterns("lock"))
        ranks.agree_on(0)
        yield here


@contextmanager
def _owned(folder: Path, prefix: str) -> Iterator[None]:
    with ExitStack() as holding:
        try:
            holding.enter_context(own_folder(folder, siblings=f"{prefix}*"))
        except FileExistsError as error:
            raise TrainingUnderWay(f"Another training is under way in {folder}.", "Wait for it, or end it.") from error
        except OSError as error:
            raise _unwritable(folder, error.strerror or str(error)) from error
        try:
            yield
        except shutil.Error as error:  # of every file that could not be copied, and why
            raise _unwritable(folder, error.args[0][0][2]) from error
        except OSError as error:
            if error.errno not in _OF_THE_DISK:
                raise
            raise _unwritable(folder, error.strerror or str(error)) from error


def _unwritable(folder: Path, why: str) -> UnwritableLessons:
    return UnwritableLessons(
        f"What training draws cannot be written to {folder}: {why}.",
        "Make room on that disk, or set SOUNDALIKE_MOST_TRAINED lower.",
    )


def _name(ranks: Ranks) -> str:
    return re.sub(r"\W", "-", ranks.run)
