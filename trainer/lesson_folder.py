"""A folder for lessons that goes as soon as everybody has its files open: mapped files outlive their names.

So nothing that was drawn of people lies on the disk for longer than it is being drawn, also where the run is killed
while it trains; what one left that was killed before is swept by the next.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from features.files import locked, tried
from trainer.errors import RanksDisagree, TrainingUnderWay
from trainer.lesson_files import Lessons, open_lessons
from trainer.ranks import Ranks

_PREFIX, _LOCK = "lessons-", "lock"


@contextmanager
def lesson_folder(parent: Path, ranks: Ranks) -> Iterator[Path]:
    """The folder, empty, that rank 0 fills; the other ranks find it once rank 0 says so.

    Raises:
        TrainingUnderWay: another run of the same name is at work.
    """
    folder = parent / (_PREFIX + re.sub(r"\W", "-", ranks.run))
    if ranks.rank:
        yield folder
        return
    with ExitStack() as holding:
        with _alone(parent):
            for former in parent.glob(f"{_PREFIX}*/"):
                _sweep(former)
            if folder.exists():
                raise TrainingUnderWay(f"Another training is under way in {folder}.", "Wait for it, or end it.")
            folder.mkdir(mode=0o700)
            holding.enter_context(tried(folder / _LOCK))
        holding.callback(shutil.rmtree, folder)
        yield folder


def opened_together(folder: Path, ranks: Ranks) -> Lessons:
    """The lessons, once rank 0 has drawn them; returns when every rank has them open.

    Raises:
        RanksDisagree: a rank does not find them.
    """
    ranks.agree_on(0)
    try:
        lessons = open_lessons(folder)
    except FileNotFoundError as error:
        raise RanksDisagree from error
    ranks.agree_on(len(lessons))
    return lessons


def _alone(parent: Path) -> AbstractContextManager[None]:
    """Or another run would sweep a folder that is made and not held yet."""
    parent.mkdir(parents=True, exist_ok=True)
    return locked(parent / "lessons.lock")


def _sweep(folder: Path) -> None:
    with tried(folder / _LOCK) as is_nobodys:
        if is_nobodys:
            shutil.rmtree(folder)
