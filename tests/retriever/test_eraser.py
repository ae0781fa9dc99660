import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from features.profile import UserId
from retriever.app import create_app
from retriever.eraser import Eraser
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

NEVER_MORE = 1000.0


@pytest.fixture
def started() -> Iterator[Callable[..., Eraser]]:
    erasers = []

    def start(*command: str, every_s: float = NEVER_MORE) -> Eraser:
        eraser = Eraser(every_s, [sys.executable, "-c", *command])
        eraser.start()
        erasers.append(eraser)
        return eraser

    yield start
    for eraser in erasers:
        eraser.stop()


def writing_to(path: Path) -> str:
    return f"open({str(path)!r}, 'a').write('x')"


def runs(path: Path) -> int:
    return len(path.read_text()) if path.exists() else 0


def test_nothing_is_erased_before_somebody_was_deleted(started: Callable[..., Eraser], tmp_path: Path) -> None:
    eraser = started(writing_to(tmp_path / "runs"))
    threading.Event().wait(0.6)
    assert runs(tmp_path / "runs") == 0

    eraser.want()

    until(lambda: runs(tmp_path / "runs") == 1)


def test_after_an_erasing_the_next_one_waits_its_time(started: Callable[..., Eraser], tmp_path: Path) -> None:
    eraser = started(writing_to(tmp_path / "runs"))
    eraser.want()
    until(lambda: runs(tmp_path / "runs") == 1)
    eraser.want()

    threading.Event().wait(1)
    assert runs(tmp_path / "runs") == 1


def test_an_erasing_that_failed_is_not_put_off_as_long(
    started: Callable[..., Eraser], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retriever.eraser._AGAIN_AFTER_S", 0.1)
    eraser = started(f"import sys; {writing_to(tmp_path / 'runs')}; sys.exit(1)")
    eraser.want()

    until(lambda: runs(tmp_path / "runs") >= 2)


def test_erasing_gives_way_to_everything_else(started: Callable[..., Eraser], tmp_path: Path) -> None:
    waiting = "import os, time\nwhile os.getpriority(os.PRIO_PROCESS, 0) != 10: time.sleep(0.01)"
    started(f"{waiting}\n{writing_to(tmp_path / 'runs')}").want()

    until(lambda: runs(tmp_path / "runs") == 1)


def test_many_deletions_are_erased_together(started: Callable[..., Eraser], tmp_path: Path) -> None:
    eraser = started(writing_to(tmp_path / "runs"), every_s=0.5)
    for _ in range(5):
        eraser.want()
    until(lambda: runs(tmp_path / "runs") == 1)
    eraser.want()
    eraser.want()

    until(lambda: runs(tmp_path / "runs") == 2)
    threading.Event().wait(1)
    assert runs(tmp_path / "runs") == 2


def test_an_erasing_that_fails_is_told_of_and_tried_again(
    started: Callable[..., Eraser], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flag = tmp_path / "can-work"
    command = f"import os, sys; {writing_to(tmp_path / 'runs')}; os.path.exists({str(flag)!r}) or sys.exit('error: no')"
    with caplog.at_level(logging.ERROR):
        eraser = started(command, every_s=0.3)
        eraser.want()
        until(lambda: runs(tmp_path / "runs") >= 2)
    flag.touch()

    assert "error: no" in caplog.text
    until(lambda: runs(tmp_path / "runs") >= 3)


@pytest.mark.parametrize("obeys", [True, False])
def test_an_erasing_under_way_ends_with_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, obeys: bool
) -> None:
    if obeys:
        monkeypatch.setattr("retriever.side_process._STOP_WITHIN_S", 60)  # it gives way to all others on the machine
    told = tmp_path / "told"
    on_sigterm = f"lambda *_: (open({str(told)!r}, 'w').close(), sys.exit(1))" if obeys else "signal.SIG_IGN"
    command = f"""
import os, signal, sys, time
signal.signal(signal.SIGTERM, {on_sigterm})
open({str(tmp_path / "pid")!r}, "w").write(f"{{os.getpid()}} ")
time.sleep(600)
"""
    eraser = Eraser(NEVER_MORE, [sys.executable, "-c", command])
    eraser.start()
    eraser.want()
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith(" "))

    assert eraser.stop(60)

    assert told.exists() == obeys
    assert caplog.text == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_program_that_is_not_there_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    eraser = Eraser(NEVER_MORE, ["/nowhere/at/all"])
    with caplog.at_level(logging.ERROR):
        eraser.start()
        eraser.want()
        until(lambda: "could not be started" in caplog.text)
    eraser.stop()


def test_who_is_deleted_by_another_process_is_erased_too(world: SmallWorld, tmp_path: Path) -> None:
    erase = [sys.executable, "-c", writing_to(tmp_path / "runs")]
    with TestClient(create_app(lambda metrics: world.parts(metrics, erase_command=erase), SETTINGS)):
        world.store.delete([UserId("person-0")])

        until(lambda: runs(tmp_path / "runs") == 1)
