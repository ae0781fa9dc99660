"""What the files in docker/ say, read as the programs that are given them read them."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"

_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


@dataclass(frozen=True)
class Stage:
    """What one target of the Dockerfile says to whoever runs it.

    Attributes:
        environment: its ENV.
        entrypoint: before every command.
        command: where none is given.
        health: the command that tells whether it works; empty where there is none.
        user: as whom it runs.
        folders: of the checkout, that are in it.
    """

    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    user: str = "root"
    folders: tuple[str, ...] = ()


def stages() -> dict[str, Stage]:
    """Every target of the Dockerfile, with what it has of those before it."""
    found: dict[str, Stage] = {}
    name = ""
    for word, rest in instructions():
        if word == "FROM":
            parent, _, name = rest.split()
            found[name] = found.get(parent, Stage())
        elif name:
            found[name] = _with(found[name], word, rest)
    return found


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile: the word in front, and the rest."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def _with(stage: Stage, word: str, rest: str) -> Stage:
    if word == "ENV":
        told = dict(part.split("=", 1) for part in shlex.split(rest))
        return replace(stage, environment=stage.environment | told)
    if word in {"ENTRYPOINT", "CMD"}:
        return replace(stage, **{"entrypoint" if word == "ENTRYPOINT" else "command": tuple(json.loads(rest))})
    if word == "HEALTHCHECK":
        _, _, command = rest.partition("CMD ")
        return replace(stage, health=tuple(json.loads(command)) if command else ())
    if word == "COPY" and not rest.startswith("--from"):
        folders = [name for name in rest.split()[:-1] if name.endswith("/")]
        return replace(stage, folders=(*stage.folders, *folders))
    return replace(stage, user=rest) if word == "USER" else stage


def compose(**settings: str) -> dict[str, Any]:
    """compose.yaml with its variables filled in, from ``settings``, with their defaults, or as the example has it."""
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    filled = _VARIABLE.sub(lambda found: _value(found, settings), text).replace("$$", "$")
    document: dict[str, Any] = yaml.safe_load(filled)
    return document


def variables() -> set[str]:
    """The variables that compose.yaml asks for."""
    return {found.group(1) for found in _VARIABLE.finditer((DOCKER / "compose.yaml").read_text(encoding="utf-8"))}


def _value(found: re.Match[str], settings: dict[str, str]) -> str:
    name, kind, other = found.groups()
    if name in settings:
        return settings[name]
    return "generate" if kind == ":?" else str(other)


def manifests(*folders: str) -> list[dict[str, Any]]:
    """Every object of the Kubernetes files in these folders, but what is only for kustomize."""
    files = [file for folder in folders for file in sorted((DOCKER / "kubernetes" / folder).glob("*.yaml"))]
    texts = [file.read_text(encoding="utf-8") for file in files if file.name != "kustomization.yaml"]
    return [document for text in texts for document in yaml.safe_load_all(text)]


def commands_of(value: object) -> list[list[str]]:
    """Every command that stands in an object of Kubernetes, however deep."""
    if isinstance(value, list):
        return [command for each in value for command in commands_of(each)]
    if not isinstance(value, dict):
        return []
    own = [value["command"]] if "command" in value else []
    return own + [command for each in value.values() for command in commands_of(each)]
