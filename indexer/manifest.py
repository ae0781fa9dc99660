"""A version's facts on disk: ``manifest.json`` beside its shard, and the names that versions bear."""

from __future__ import annotations

import importlib.metadata
import json
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.errors import IndexUnavailable
from indexer.files import write_atomically
from indexer.ports import IndexVersion

MANIFEST = "manifest.json"
MEND = "Build a new one with: python -m indexer"
_FORMAT = 3  # of the manifest, the payload and the shard's layout together; another number is not read
_NAME = re.compile(r"users-v([1-9][0-9]*)-b([1-9][0-9]*)")


def version_name(model_version: int, build: int) -> str:
    """The collection's name."""
    return f"users-v{model_version}-b{build}"


def parse_name(name: str) -> tuple[int, int] | None:
    """(model version, build) of a collection's name, None where it is none; so no name can leave its folder."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def write_manifest(folder: Path, version: IndexVersion) -> None:
    """Write the facts; their being there is what makes a version whole."""
    facts = {
        "format": _FORMAT,
        "edge": importlib.metadata.version("qdrant-edge-py"),
        **asdict(version),
        "watermark": version.watermark.isoformat(),
        "created_at": version.created_at.isoformat(),
    }
    write_atomically(folder / MANIFEST, json.dumps(facts).encode())


def read_manifest(folder: Path) -> IndexVersion:
    """Raises IndexUnavailable where the facts are missing, damaged or of another format."""
    try:
        facts = json.loads((folder / MANIFEST).read_bytes())
        written_as = facts.pop("format")
        facts.pop("edge")
        if written_as == _FORMAT:
            return _version(facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexUnavailable(f"The facts of the index {folder.name} are missing or damaged.", MEND) from error
    raise IndexUnavailable(f"The index {folder.name} was written in format {written_as}, not {_FORMAT}.", MEND)


def _version(facts: dict[str, Any]) -> IndexVersion:
    for key in ("watermark", "created_at"):
        facts[key] = datetime.fromisoformat(facts[key])
    facts["similarity_quantiles"] = tuple(facts["similarity_quantiles"])
    return IndexVersion(**facts)
