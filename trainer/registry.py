"""The embedded model registry: a folder per version with safetensors and JSON, sealed by checksums. Never pickle."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson

from trainer.errors import BrokenModel, NoModel
from trainer.ports import ModelCard, ModelParts

_TENSORS, _TEXTS, _CARD, _DOCUMENTS = "model.safetensors", "texts.json", "model.json", "report"
_MEND = "Train a new one with: python -m trainer train"


class LocalModelRegistry:
    """Implements the ``ModelRegistry`` seam in the folder ``root`` (made when the first model is saved)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, card: ModelCard, parts: ModelParts) -> int:
        """Write everything to a private folder first, then rename it: a version is whole or it is not there."""
        from safetensors.numpy import save

        staging = self._root / f".staging-{os.getpid()}"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, mode=0o700)
        try:
            # safetensors writes the memory as it lies: an array in column order would come back scrambled
            rows_first = {name: np.ascontiguousarray(value) for name, value in parts.tensors.items()}
            documents = {f"{_DOCUMENTS}/{name}": content for name, content in parts.documents.items()}
            files = {_TENSORS: save(rows_first), _TEXTS: orjson.dumps(parts.texts), **documents}
            (staging / _DOCUMENTS).mkdir(mode=0o700)
            for name, content in files.items():
                _write(staging / name, content)
            sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
            return self._seal(staging, card, sums)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _seal(self, staging: Path, card: ModelCard, sums: dict[str, str]) -> int:
        version = max(self._versions(), default=0)
        while True:
            version += 1
            described = {**asdict(replace(card, version=version)), "sha256": sums}
            _write(staging / _CARD, orjson.dumps(described, option=orjson.OPT_INDENT_2))
            try:
                staging.rename(self._folder(version))
            except OSError:
                if not self._folder(version).exists():
                    raise
                continue  # another process took this number meanwhile
            return version

    def load(self, version: int) -> tuple[ModelCard, ModelParts]:
        """Read a version back, after its checksums were found right."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        card, sums = self._described(version)
        tensors, texts = (self._checked(version, name, sums) for name in (_TENSORS, _TEXTS))
        try:
            return card, ModelParts(load(tensors), orjson.loads(texts))
        except (SafetensorError, orjson.JSONDecodeError) as error:
            raise BrokenModel(f"Model {version} is damaged: {error}.", _MEND) from error

    def documents(self, version: int) -> dict[str, bytes]:
        """Read what was written about a version, after its checksums were found right."""
        sums = self._described(version)[1]
        names = [name for name in sums if name.startswith(f"{_DOCUMENTS}/")]
        return {name.partition("/")[2]: self._checked(version, name, sums) for name in names}

    def _checked(self, version: int, name: str, sums: dict[str, str]) -> bytes:
        content = self._read(version, name)
        if hashlib.sha256(content).hexdigest() != sums.get(name):
            raise BrokenModel(f"Model {version} is damaged: {name} is not what was saved.", _MEND)
        return content

    def cards(self) -> list[ModelCard]:
        """All models, oldest first."""
        return [self._described(version)[0] for version in self._versions()]

    def latest(self) -> int:
        """The newest accepted version."""
        accepted = [card.version for card in self.cards() if card.accepted]
        if not accepted:
            raise NoModel("No model has been trained yet.", "Train one with: python -m trainer train")
        return accepted[-1]

    def best(self, metric: str) -> int:
        """The accepted version with the highest value of ``metric``, the newest of equals."""
        accepted = [card for card in self.cards() if card.accepted]
        rated = [(card.metrics[metric], card.version) for card in accepted if metric in card.metrics]
        if not rated:
            raise NoModel(f"No model has the metric {metric!r}.", "See what there is with: python -m trainer list")
        return max(rated)[1]

    def _versions(self) -> list[int]:
        folders = self._root.glob("v*") if self._root.is_dir() else ()
        return sorted(int(folder.name[1:]) for folder in folders if folder.name[1:].isdecimal())

    def _folder(self, version: int) -> Path:
        return self._root / f"v{version:04d}"

    def _described(self, version: int) -> tuple[ModelCard, dict[str, str]]:
        try:
            found = orjson.loads(self._read(version, _CARD))
            sums = found.pop("sha256")
            card = ModelCard(**{**found, "created_at": datetime.fromisoformat(found["created_at"])})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BrokenModel(f"Model {version} is damaged: {_CARD} cannot be read.", _MEND) from error
        return card, sums

    def _read(self, version: int, name: str) -> bytes:
        if not self._folder(version).is_dir():
            raise NoModel(f"There is no model {version}.", "See what there is with: python -m trainer list")
        try:
            return (self._folder(version) / name).read_bytes()
        except OSError as error:
            raise BrokenModel(f"Model {version} is damaged: {name} cannot be read.", _MEND) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
