"""A version's facts on disk: ``manifest.json`` beside its shard, and the names that versions bear."""

from __future__ import annotations

import importlib.metadata
import json
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.axes import Axes
from indexer.errors import IndexUnavailable
from indexer.files import write_atomically
from indexer.ports import Cleared, IndexVersion

MANIFEST = "manifest.json"
MEND = "Build a new one with: python -m indexer"
FIRST_SHARD = "shard"
_FORMAT = 3  # of the manifest, the payload and the shard's layout together; another number is not read
_NAME = re.compile(r"users-v([1-9][0-9]*)-b([1-9][0-9]*)")
_SHARD = re.compile(r"shard(-[1-9][0-9]*)?")


def version_name(model_version: int, build: int) -> str:
    """The collection's name."""
    return f"users-v{model_version}-b{build}"


def parse_name(name: str) -> tuple[int, int] | None:
    """(model version, build) of a collection's name, None where it is none; so no name can leave its folder."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def write_manifest(folder: Path, version: IndexVersion, shard: str = FIRST_SHARD) -> None:
    """Write the facts, with the name of the folder's shard that is meant; they are what makes a version whole."""
    facts = {
        "format": _FORMAT,
        "edge": importlib.metadata.version("qdrant-edge-py"),
        "shard": shard,
        **asdict(version),
        "watermark": version.watermark.isoformat(),
        "created_at": version.created_at.isoformat(),
        "cleared": {"at": version.cleared.at.isoformat(), "known": version.cleared.known},
    }
    write_atomically(folder / MANIFEST, json.dumps(facts).encode())


def read_manifest(folder: Path) -> IndexVersion:
    """Raises IndexUnavailable where the facts are missing, damaged or of another format."""
    return _read(folder)[0]


def read_shard(folder: Path) -> str:
    """Name of the folder's shard that is meant. Raises IndexUnavailable as :func:`read_manifest` does."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[IndexVersion, str]:
    try:
        facts = json.loads((folder / MANIFEST).read_bytes())
        written_as = facts.pop("format")
        facts.pop("edge")
        if written_as == _FORMAT:
            return _facts(facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexUnavailable(f"The facts of the index {folder.name} are missing or damaged.", MEND) from error
    raise IndexUnavailable(f"The index {folder.name} was written in format {written_as}, not {_FORMAT}.", MEND)


def _facts(facts: dict[str, Any]) -> tuple[IndexVersion, str]:
    shard = facts.pop("shard")
    if not _SHARD.fullmatch(shard):
        raise ValueError(shard)
    for key in ("watermark", "created_at"):
        facts[key] = datetime.fromisoformat(facts[key])
    facts["similarity_quantiles"] = tuple(facts["similarity_quantiles"])
    if facts.get("axes") is not None:  # versions of before have none
        facts["axes"] = Axes.read(facts["axes"], facts["width"])
    facts["cleared"] = Cleared(datetime.fromisoformat(facts["cleared"]["at"]), facts["cleared"]["known"])
    return IndexVersion(**facts), shard
