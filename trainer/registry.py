"""The embedded model registry: a folder per version. What lies in it, and how it is checked: ``trainer.artefact``."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from trainer.artefact import Artefact, write_card, write_parts
from trainer.choosing import best_of, latest_of
from trainer.errors import NoModel
from trainer.ports import ModelCard, ModelParts


class LocalModelRegistry:
    """Implements the ``ModelRegistry`` seam in the folder ``root`` (made when the first model is saved)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, card: ModelCard, parts: ModelParts) -> int:
        """Write everything to a private folder first, then rename it: a version is whole or it is not there."""
        staging = self._root / f".staging-{os.getpid()}"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, mode=0o700)
        try:
            return self._seal(staging, card, write_parts(staging, parts))
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _seal(self, staging: Path, card: ModelCard, sums: dict[str, str]) -> int:
        version = max(self._versions(), default=0)
        while True:
            version += 1
            write_card(staging, replace(card, version=version), sums)
            try:
                staging.rename(self._folder(version))
            except OSError:
                if not self._folder(version).exists():
                    raise
                continue  # another process took this number meanwhile
            return version

    def load(self, version: int) -> tuple[ModelCard, ModelParts]:
        """Read a version back, after its checksums were found right."""
        artefact = self._artefact(version)
        return artefact.card(), artefact.parts()

    def documents(self, version: int) -> dict[str, bytes]:
        """Read what was written about a version, after its checksums were found right."""
        return self._artefact(version).documents()

    def cards(self) -> list[ModelCard]:
        """All models, oldest first."""
        return [self._artefact(version).card() for version in self._versions()]

    def latest(self) -> int:
        """The newest accepted version."""
        return latest_of(self.cards())

    def best(self, metric: str) -> int:
        """The accepted version with the highest value of ``metric``, the newest of equals."""
        return best_of(self.cards(), metric)

    def _versions(self) -> list[int]:
        folders = self._root.glob("v*") if self._root.is_dir() else ()
        return sorted(int(folder.name[1:]) for folder in folders if folder.name[1:].isdecimal())

    def _folder(self, version: int) -> Path:
        return self._root / f"v{version:04d}"

    def _artefact(self, version: int) -> Artefact:
        if not self._folder(version).is_dir():
            raise NoModel(f"There is no model {version}.", "See what there is with: python -m trainer list")
        return Artefact(self._folder(version), version)
