import logging
import sys
import threading
from pathlib import Path

import pytest

from retriever.expirer import COMMAND, Expirer
from retriever.side_process import run_beside


def test_what_a_program_says_of_its_failure_is_logged(caplog: pytest.LogCaptureFixture):
    command = [sys.executable, "-c", "import sys; sys.exit('first\\nno disk')"]
    assert not run_beside("expiring", command, threading.Event())
    assert "expiring failed and is tried again: no disk" in caplog.text


def test_a_program_that_cannot_be_started_is_said(caplog: pytest.LogCaptureFixture):
    assert not run_beside("expiring", ["/nowhere"], threading.Event())
    assert "could not be started" in caplog.text


def test_a_program_ends_with_the_server(caplog: pytest.LogCaptureFixture):
    stopping = threading.Event()
    stopping.set()
    with caplog.at_level(logging.ERROR):
        assert not run_beside("expiring", [sys.executable, "-c", "import time; time.sleep(600)"], stopping)
    assert caplog.text == ""


def test_people_expire_once_a_day_and_after_a_failure_again(tmp_path: Path):
    flag = tmp_path / "flag"
    program = f"import os, sys; p = {str(flag)!r}; n = os.path.exists(p); open(p, 'a').write('x'); sys.exit(not n)"
    expirer = Expirer([sys.executable, "-c", program])
    for _ in range(3):
        expirer.step()
    assert flag.read_text() == "xx"  # failed, done, not yet again


def test_the_command_that_the_server_starts_is_one():
    assert COMMAND[1:] == ("-m", "features", "expire")
