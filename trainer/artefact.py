"""A model as a folder of files: tensors as safetensors, words and card as JSON, the report; sealed by checksums.

Never pickle. Which folder, and how it gets a version, lives with the registries (``registry``, ``hopsworks``).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson

from trainer.errors import BrokenModel
from trainer.ports import ModelCard, ModelParts

CARD = "model.json"
_TENSORS, _TEXTS, _DOCUMENTS = "model.safetensors", "texts.json", "report"
_MEND = "Train a new one with: python -m trainer train"


def write_parts(folder: Path, parts: ModelParts) -> dict[str, str]:
    """Write all but the card into an empty folder, synced to the disk; returns the files' SHA-256 by name."""
    from safetensors.numpy import save

    # safetensors writes the memory as it lies: an array in column order would come back scrambled
    rows_first = {name: np.ascontiguousarray(value) for name, value in parts.tensors.items()}
    documents = {f"{_DOCUMENTS}/{name}": content for name, content in parts.documents.items()}
    files = {_TENSORS: save(rows_first), _TEXTS: orjson.dumps(parts.texts), **documents}
    (folder / _DOCUMENTS).mkdir(mode=0o700)
    for name, content in files.items():
        _write(folder / name, content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def write_card(folder: Path, card: ModelCard, sums: dict[str, str]) -> None:
    """Write the card, by which the folder is whole. ``sums``: what :func:`write_parts` returned."""
    _write(folder / CARD, orjson.dumps({**asdict(card), "sha256": sums}, option=orjson.OPT_INDENT_2))


@dataclass(frozen=True, slots=True)
class Artefact:
    """The files of a version, in ``folder``; the version is the registry's, whatever the files say.

    Every method raises BrokenModel where a file is missing, damaged, or not what was saved.
    """

    folder: Path
    version: int

    def card(self) -> ModelCard:
        """What is known of the model."""
        return self._described()[0]

    def parts(self) -> ModelParts:
        """What the model is made of, without documents."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        sums = self._described()[1]
        tensors, texts = (self._checked(name, sums) for name in (_TENSORS, _TEXTS))
        try:
            return ModelParts(load(tensors), orjson.loads(texts))
        except (SafetensorError, orjson.JSONDecodeError) as error:
            raise BrokenModel(f"Model {self.version} is damaged: {error}.", _MEND) from error

    def documents(self) -> dict[str, bytes]:
        """What is written about the model, by file name."""
        sums = self._described()[1]
        names = [name for name in sums if name.startswith(f"{_DOCUMENTS}/")]
        return {name.partition("/")[2]: self._checked(name, sums) for name in names}

    def sums(self) -> dict[str, str]:
        """SHA-256 of every file but the card, by name, as they were when the model was saved."""
        return self._described()[1]

    def check(self) -> None:
        """Whether every file is what was saved."""
        for name, wanted in self.sums().items():
            self._checked(name, {name: wanted})

    def _described(self) -> tuple[ModelCard, dict[str, str]]:
        try:
            found = orjson.loads(self._read(CARD))
            sums = found.pop("sha256")
            card = ModelCard(**{**found, "created_at": datetime.fromisoformat(found["created_at"])})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BrokenModel(f"Model {self.version} is damaged: {CARD} cannot be read.", _MEND) from error
        return replace(card, version=self.version), sums

    def _checked(self, name: str, sums: dict[str, str]) -> bytes:
        content = self._read(name)
        if hashlib.sha256(content).hexdigest() != sums.get(name):
            raise BrokenModel(f"Model {self.version} is damaged: {name} is not what was saved.", _MEND)
        return content

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise BrokenModel(f"Model {self.version} is damaged: {name} cannot be read.", _MEND) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
