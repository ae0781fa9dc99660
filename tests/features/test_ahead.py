import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from features.ahead import ahead
from features.errors import FeaturesError, ProfileTooLarge


def _numbers(count: int, note: Path | None = None) -> Iterator[int]:
    for number in range(count):
        if note is not None:
            note.write_text(str(number))
        yield number


def _its_id_for_ever() -> Iterator[int]:
    while True:
        yield os.getpid()


def _some_then_too_large() -> Iterator[int]:
    yield 1
    raise ProfileTooLarge("It is too large.", "Take less.")


def _some_then_death() -> Iterator[int]:
    yield from range(100)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("count", [0, 1, 100, 101, 5000])
def test_everything_comes_once_and_in_order(count: int) -> None:
    with ahead(partial(_numbers, count)) as found:
        assert list(found) == list(range(count))


def test_an_error_comes_after_what_came_before_it_with_its_mend() -> None:
    with ahead(_some_then_too_large) as found:
        assert next(found) == 1
        with pytest.raises(ProfileTooLarge) as caught:
            next(found)
    assert (caught.value.what, caught.value.mend) == ("It is too large.", "Take less.")
    assert str(caught.value) == "It is too large. Take less."


def test_a_process_that_was_killed_is_said_and_not_waited_for() -> None:
    with ahead(_some_then_death) as found, pytest.raises(FeaturesError, match="has died"):
        list(found)


def test_leaving_early_ends_the_other_process() -> None:
    with ahead(_its_id_for_ever) as found:
        pid = next(found)
        assert pid != os.getpid()
        assert _is_alive(pid)
    assert not _is_alive(pid)


def test_the_other_process_is_only_so_far_ahead(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with ahead(partial(_numbers, 10**9, note)) as found:
        next(found)
        far = _when_it_rests(note)
    assert far < 3000


def _when_it_rests(note: Path) -> int:
    """How far the other process came before it waited."""
    last = -1
    while True:
        time.sleep(0.3)
        now = int(note.read_text() or last)
        if now == last:
            return last
        last = now


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
