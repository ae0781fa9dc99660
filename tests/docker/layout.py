"""Services of compose.yaml as ordinary processes, in the layout of their containers: a root folder of their own that is
read-only, another user without any right of root's, the volumes, the environment, and a network of their own.

In place of the image's packages there are those of the running Python. Needs Linux, and root.
"""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.docker.files import ROOT, Stage, compose, stages
from tests.waiting import until

SYSTEM = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc", "/proc", "/dev")
PACKAGES = "/opt/soundalike"
CLONE_NEWNET = 0x40000000

Made = TypeVar("Made")

# A network in which nobody else is, and a command that keeps it: the loopback interface has to be brought up.
_NETWORK = """
import fcntl, signal, socket, struct
with socket.socket() as any:
    fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 1 | 64))
print("up", flush=True)
signal.pause()
"""

# Told: the root folder, then what lies where, as FROM:TO or FROM:TO:ro.
_ENTER = """
set -eu
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    from=${1%%:*}; rest=${1#*:}; to=${rest%%:*}
    mount --rbind "$from" "$root$to"
    case $rest in *:ro) mount -o remount,bind,ro "$root$to" ;; esac
    shift
done
shift
mount -t tmpfs tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot "$root" "$@"
"""


def possible() -> None:
    """Skip where a process cannot be given a layout of its own."""
    if sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "setpriv"))):
        pytest.skip("a layout of their own is given to processes by root on Linux only")
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives processes no layout of their own, not even to root")


@dataclass(frozen=True)
class Project:
    """The services of compose.yaml on this machine.

    Attributes:
        folder: of volumes and of root folders.
        network: the process that keeps their network.
        dotenv: what docker/.env says otherwise than its example.
    """

    folder: Path
    network: int
    dotenv: Mapping[str, str] = field(default_factory=dict)

    def volume(self, name: str) -> Path:
        """The folder of a volume, made where there is none."""
        found = self.folder / "volumes" / name
        found.mkdir(parents=True, exist_ok=True)
        return found

    def run(self, service: str, *command: str, **settings: str) -> str:
        """What a service prints that has to work; with another command, as ``docker compose run`` has it."""
        return _done(self._command(service, command, settings))

    def script(self, service: str, script: str) -> str:
        """What a script prints that runs in a service's container."""
        return _done(self._command(service, (script,), {}, entrypoint=("python", "-c")))

    def ask(self, volume: str, script: str, user: str) -> str:
        """What a script prints that has a volume in /run/secrets, as another container of the network would."""
        stage = replace(stages()["engine"], user=user)
        places = [f"{self.volume(volume)}:/run/secrets:ro"]
        return _done(self.process(stage, ["python", "-c", script], stage.environment, places))

    def of_a_pod(self, container: Mapping[str, Any], places: Sequence[str], *command: str) -> str:
        """What a container of Kubernetes prints, by its own command or another one."""
        stage = stages()[container["image"].removeprefix("soundalike-")]
        told = {variable["name"]: variable["value"] for variable in container.get("env", [])}
        words = list(command) or container["command"]
        return _done(self.process(stage, words, stage.environment | told, places))

    def within(self, make: Callable[[], Made]) -> Made:
        """What is made in the project's network: a socket stays in the one in which it was opened."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._entered, make).result()

    def _entered(self, make: Callable[[], Made]) -> Made:
        with Path(f"/proc/{self.network}/ns/net").open() as network:
            entered = ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET)
        assert entered == 0, os.strerror(ctypes.get_errno())
        return make()

    @contextmanager
    def started(self, service: str) -> Iterator[None]:
        """A service, once its health check says that it works, until the block ends; it has to end when told to."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(self._command(service, (), {}), stdout=said, stderr=said)
            health = stages()[self._target(service)].health

            def is_healthy() -> bool:
                said.seek(0)
                assert process.poll() is None, said.read().decode()
                if not self._is_listened_to(health[-1]):  # a check would only take time from who starts
                    return False
                check = self._command(service, health, {}, entrypoint=())
                return subprocess.run(check, capture_output=True, timeout=60, check=False).returncode == 0

            try:
                until(is_healthy)
                yield
            finally:
                process.terminate()
                code = process.wait(timeout=60)
        assert code in {0, -15}

    def _is_listened_to(self, asked: str) -> bool:
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", asked)[0])
        sockets = Path(f"/proc/{self.network}/net/tcp").read_text()
        return re.search(rf":{port:04X} [0-9A-F:]+ 0A ", sockets) is not None

    def _target(self, service: str) -> str:
        target: str = compose()["services"][service]["build"]["target"]
        return target

    def _command(
        self, service: str, command: Sequence[str], settings: Mapping[str, str], entrypoint: Sequence[str] | None = None
    ) -> list[str]:
        told: dict[str, Any] = compose(**self.dotenv)["services"][service]
        stage = stages()[told["build"]["target"]]
        assert told["read_only"]
        assert told["tmpfs"] == ["/tmp"]  # noqa: S108 - of the container
        if entrypoint is None:
            entrypoint = told.get("entrypoint", stage.entrypoint)
        words = [*entrypoint, *(command or told.get("command", stage.command))]
        environment = stage.environment | told.get("environment", {}) | settings
        volumes = [volume.partition(":") for volume in told["volumes"]]
        places = [f"{self.volume(name)}:{place}" for name, _, place in volumes]
        return self.process(stage, words, environment, places)

    def process(
        self, stage: Stage, words: Sequence[str], environment: Mapping[str, str], places: Sequence[str]
    ) -> list[str]:
        """A process in a root folder of its own; ``places`` says what else is where."""
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost retriever dashboard qdrant\n")
        shared = [place for place in SYSTEM if Path(place).exists()]
        system = [f"{place}:{place}" for place in (*shared, *_bases(shared))]
        code = [f"{ROOT / folder}:/app/{folder.strip('/')}:ro" for folder in stage.folders]
        all_places = [*system, f"{sys.prefix}:{PACKAGES}:ro", f"{hosts}:/etc/hosts", *code, *places]
        root = Path(tempfile.mkdtemp(dir=self.folder, prefix="root-"))
        root.chmod(0o755)
        for place in (*(place.split(":")[1] for place in all_places), "/tmp", "/app"):  # noqa: S108 - of the container
            if not place.startswith("/etc/"):
                (root / place.strip("/")).mkdir(parents=True, exist_ok=True)
        path = environment["PATH"].replace("$PATH", os.environ["PATH"])
        variables = [f"{name}={value}" for name, value in {**environment, "PATH": path}.items()]
        user, _, group = stage.user.partition(":")
        lesser = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs"]
        there = ["env", "-i", "-C", "/app", *variables, *words]
        inside = [*lesser, "--bounding-set=-all", *there]
        network = ["nsenter", f"--net=/proc/{self.network}/ns/net"]
        return [*network, "unshare", "--mount", "sh", "-c", _ENTER, "sh", str(root), *all_places, "--", *inside]


def _done(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _bases(shared: Sequence[str]) -> list[str]:
    """Where the Python is that this one was made of, if not in what is shared anyway."""
    base = os.path.realpath(sys.base_prefix)
    return [] if any(base.startswith(f"{place}/") for place in shared) else [base]


@contextmanager
def a_project(folder: Path) -> Iterator[Project]:
    """A network in which nothing runs yet, and no volume."""
    command = ["unshare", "--net", sys.executable, "-c", _NETWORK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield Project(folder, process.pid)
        finally:
            process.kill()


def commands_in(script: str) -> list[list[str]]:
    """The programs of ours that a script of a service runs, with their arguments."""
    found = []
    for line in script.splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)  # so that && and > are words of their own
        words.whitespace_split = True
        for is_operator, command in groupby(words, lambda word: set(word) <= set("();<>|&")):
            told = list(command)
            if not is_operator and "python" in told:
                found.append(told[told.index("python") :])
    return found
