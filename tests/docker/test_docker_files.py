"""What stands in docker/ fits the programs, and each file fits the others."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from tests.docker.files import DOCKER, ROOT, commands_of, compose, instructions, manifests, stages, variables
from tests.docker.layout import commands_in

SERVICES = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
EXAMPLE = DOCKER / ".env.example"


def _scripts() -> list[str]:
    pods = [service for service in OURS.values() if "entrypoint" in service]
    told = [service["command"][-1] for service in pods]
    return told + [command[-1] for command in commands_of(manifests("base", "demo")) if command[0] == "sh"]


TARGETS = [stages()[service["build"]["target"]] for service in OURS.values()]
ALONE = [(*stage.entrypoint, *stage.command) for stage in TARGETS]
COMMANDS = sorted({*ALONE, *(tuple(command) for script in _scripts() for command in commands_in(script))})


def test_programs_and_people_are_told_only_of_settings_that_there_are():
    examples = EXAMPLE.read_text() + (ROOT / ".env.example").read_text()
    known = set(re.findall(r"^(?:# )?(\w+)=", examples, re.MULTILINE)) | SERVICES["qdrant"]["environment"].keys()
    manuals = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    files = [file for file in DOCKER.rglob("*") if file.is_file() and file.name != ".env"]
    texts = [file.read_text(encoding="utf-8") for file in (*manuals, *files)]
    told = {name for text in texts for name in re.findall(r"\b(?:SOUNDALIKE|HOPSWORKS|QDRANT)_[A-Z_]+…?", text)}

    groups = {name for name in told if name.endswith("…")}
    assert told - groups - known == set()
    assert [name for name in groups if not any(each.startswith(name[:-1]) for each in known)] == []
    assert {"SOUNDALIKE_API_URL", "SOUNDALIKE_QDRANT_…", "QDRANT_URL"} <= told


def test_the_example_has_every_variable_of_the_compose_file_with_its_default():
    lines = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))

    assert lines.keys() == variables() | {"COMPOSE_PROFILES"}
    with_example, without = compose(**lines), compose()
    assert with_example == without


def test_passwords_are_made_for_each_copy_of_the_example():
    def a_copy() -> str:
        with EXAMPLE.open() as example:
            command = ["sh", str(DOCKER / "new-env.sh")]
            return subprocess.run(command, stdin=example, capture_output=True, text=True, timeout=20, check=True).stdout

    first, second = a_copy(), a_copy()
    passwords = re.findall(r"^\w+=([0-9a-f]{48})$", first, re.MULTILINE)
    assert len(set(passwords)) == len(passwords) == EXAMPLE.read_text().count("=generate")
    assert not any(password in second for password in passwords)
    assert re.sub(r"=[0-9a-f]{48}\b", "=generate", first) == EXAMPLE.read_text()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_program_that_a_script_runs_takes_its_arguments(command: tuple[str, ...]):
    done = subprocess.run(
        [sys.executable, *command[1:], "--help"], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_scripts_run_what_they_are_thought_to_run():
    assert {command[2] for command in COMMANDS} == {"features", "trainer", "indexer", "retriever", "dashboard"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_no_more_than_it_needs(name: str):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("target", ["retriever", "trainer", "indexer", "dashboard", "gradio"])
def test_an_image_runs_as_nobody_and_holds_no_secret(target: str):
    stage = stages()[target]
    assert stage.user == "10001:10001"
    assert stage.command
    assert [name for name in stage.environment if re.search("KEY|SECRET|PASSWORD|TOKEN", name)] == []
    arguments = [rest for word, rest in instructions() if word == "ARG"]
    assert {argument.partition("=")[0] for argument in arguments} == {"BASE_IMAGE", "PIP_EXTRA_INDEX_URL", "EXTRAS"}


def test_who_is_waited_for_can_say_that_it_works():
    awaited = {
        (name, told["condition"])
        for service in SERVICES.values()
        for name, told in service.get("depends_on", {}).items()
    }
    for name, condition in awaited:
        healthy = SERVICES[name].get("healthcheck") or (name in OURS and stages()[OURS[name]["build"]["target"]].health)
        once = SERVICES[name].get("restart") == "no"
        assert once if condition == "service_completed_successfully" else healthy, name
    assert len(awaited) > 3


def test_the_build_is_sent_what_it_copies_and_nothing_else():
    sent = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and not rest.startswith("--")]
    assert sent == {name.strip("/") for names in copied for name in names}


def test_the_pages_have_all_that_they_import():
    runs = [
        rest for word, rest in instructions() if word == "RUN" and "constraints.txt" in rest and "EXTRAS" not in rest
    ]
    installed = {name for run in runs for name in run.partition("constraints.txt")[2].split()}
    found = set()
    for file in (ROOT / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    needed = found - sys.stdlib_module_names - {"dashboard"}
    assert {name.replace("_", "-") for name in needed} == installed


def test_the_version_that_the_api_tells_stays_in_the_image():
    (engine,) = [rest for word, rest in instructions() if word == "RUN" and "EXTRAS" in rest]
    assert re.search(r"pip install --constraint constraints.txt \"\.\[\$EXTRAS\]\"$", engine)


def test_settings_and_passwords_of_a_checkout_are_not_committed():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", "docker/settings.env", "docker/secrets.env"} <= set(ignored)
    assert [path["path"] for path in SERVICES["retriever"]["env_file"]] == ["settings.env", "secrets.env"]


@pytest.mark.parametrize("page", ["dashboard", "gradio"])
def test_pages_that_strangers_look_at_are_given_no_secret_of_others(page: str):
    assert [path["path"] for path in SERVICES[page]["env_file"]] == ["settings.env"]
