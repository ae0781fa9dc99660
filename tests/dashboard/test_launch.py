"""Starting the page and the API, and ending only what was started."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dashboard.cli import app
from dashboard.errors import NotStarted, WrongSettings
from dashboard.launch import an_api, answers
from dashboard.settings import DashboardSettings, load
from tests.ports import a_free_port
from tests.whole.programs import ROOT


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ready"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api():
    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def told(**more: object) -> DashboardSettings:
    return DashboardSettings(_env_file=None, **more)


def nobody() -> str:
    return f"http://127.0.0.1:{a_free_port()}"


def test_an_api_that_answers_is_used_and_left_running(api: str):
    with an_api(told(api_url=api)) as started:
        assert not started
    assert answers(api)


def test_an_api_elsewhere_is_not_started():
    with pytest.raises(NotStarted, match="not this computer"), an_api(told(api_url="http://api.invalid:9")):
        pass


def test_an_api_that_cannot_start_is_said_to_be_so(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    with pytest.raises(NotStarted, match="make demo"), an_api(told(api_url=nobody())):
        pass


@pytest.mark.parametrize("told_by", [None, "https://music.example/"])
def test_an_api_that_is_started_here_is_told_the_way_back_and_ended(monkeypatch, told_by: str | None):
    started = []

    class Process:
        is_running = True

        def __init__(self, command: list[str], env: dict[str, str]) -> None:
            started.append((self, command, env))

        def poll(self) -> int | None:
            return None if self.is_running else 0

        def terminate(self) -> None:
            self.is_running = False

        def wait(self, **_: object) -> int:
            return 0

    monkeypatch.setattr("dashboard.launch.subprocess.Popen", Process)
    monkeypatch.setattr("dashboard.launch.answers", lambda _url: bool(started))
    with an_api(told(api_url="http://127.0.0.1:8123", dashboard_host="0.0.0.0", dashboard_url=told_by)) as is_ours:  # noqa: S104
        ((process, command, env),) = started
        assert is_ours
        assert process.is_running
    assert not process.is_running
    assert command[-4:] == ["--host", "127.0.0.1", "--port", "8123"]
    assert env["SOUNDALIKE_DASHBOARD_URL"] == (told_by or "http://127.0.0.1:8501/")


def test_a_wrong_setting_is_one_line(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "dashboard"], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env={"SOUNDALIKE_API_URL": "localhost", "PATH": ""},
    )  # fmt: skip
    assert run.returncode == 2
    assert "SOUNDALIKE_API_URL" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_port_that_is_taken_is_one_line_in_gradios_mode(api: str):
    pytest.importorskip("gradio", reason="no gradio here: pip install 'soundalike[gradio]'")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = subprocess.run(
            [sys.executable, "-m", "dashboard", "--gradio", "--port", port, "--api", api],
            capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
    assert run.returncode == 2
    assert "--port" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(("flags", "mend"), [([], "soundalike[dashboard]"), (["--gradio"], "soundalike[gradio]")])
def test_what_is_not_installed_is_said_with_the_mend(flags: list[str], mend: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dashboard.cli.find_spec", lambda _: None)
    with pytest.raises(NotStarted, match=re.escape(mend)):
        app(flags, standalone_mode=False)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOUNDALIKE_API_KEY", "secret")
    monkeypatch.setenv("SOUNDALIKE_API_PUBLIC_URL", "https://music.example/")
    settings = load()
    assert "secret" not in repr(settings)
    assert settings.login_url == "https://music.example/v1/spotify/login"
    monkeypatch.setenv("SOUNDALIKE_DASHBOARD_PORT", "0")
    with pytest.raises(WrongSettings, match="SOUNDALIKE_DASHBOARD_PORT"):
        load()


@pytest.mark.parametrize(("host", "is_private"), [("127.0.0.1", True), ("0.0.0.0", False), ("", False)])  # noqa: S104
def test_a_page_is_private_on_loopback_only(host: str, is_private: bool):
    assert told(dashboard_host=host).is_private is is_private
