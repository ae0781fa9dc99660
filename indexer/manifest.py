"""A version's facts as they are kept, on disk in ``manifest.json`` beside its shard, and the names versions bear."""

from __future__ import annotations

import importlib.metadata
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from indexer.axes import Axes
from indexer.errors import IndexDamaged
from indexer.files import write_atomically
from indexer.ports import Cleared, IndexVersion

MANIFEST = "manifest.json"
MEND = "Build a new one with: python -m indexer"
FIRST_SHARD = "shard"
_NEVER = datetime.fromtimestamp(0, UTC)
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


def unproven(name: str, model_version: int, width: int) -> IndexVersion:
    """The facts of a version that is not built yet."""
    return IndexVersion(name, model_version, width, 0, _NEVER, _NEVER, 0.0, ())


def facts_of(version: IndexVersion) -> dict[str, Any]:
    """The facts as JSON can hold them."""
    return {
        "format": _FORMAT,
        **asdict(version),
        "watermark": version.watermark.isoformat(),
        "created_at": version.created_at.isoformat(),
        "cleared": {"at": version.cleared.at.isoformat(), "known": version.cleared.known},
    }


def version_of(name: str, facts: dict[str, Any]) -> IndexVersion:
    """The inverse of :func:`facts_of`; ``name`` is whose they are said to be.

    Raises:
        IndexDamaged: they are damaged or of another format.
    """
    try:
        written_as = facts["format"]
        if written_as == _FORMAT:
            return _version_of({key: value for key, value in facts.items() if key != "format"})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise damaged(name) from error
    raise IndexDamaged(f"The index {name} was written in format {written_as}, not {_FORMAT}.", MEND)


def damaged(name: str) -> IndexDamaged:
    """What there is to say of a version whose facts cannot be read."""
    return IndexDamaged(f"The facts of the index {name} are missing or damaged.", MEND)


def write_manifest(folder: Path, version: IndexVersion, shard: str = FIRST_SHARD) -> None:
    """Write the facts, with the name of the folder's shard that is meant; they are what makes a version whole."""
    facts = {"edge": importlib.metadata.version("qdrant-edge-py"), "shard": shard, **facts_of(version)}
    write_atomically(folder / MANIFEST, json.dumps(facts).encode())


def read_manifest(folder: Path) -> IndexVersion:
    """Raises IndexDamaged where the facts are missing, damaged or of another format."""
    return _read(folder)[0]


def read_shard(folder: Path) -> str:
    """Name of the folder's shard that is meant. Raises IndexDamaged as :func:`read_manifest` does."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[IndexVersion, str]:
    try:
        facts = json.loads((folder / MANIFEST).read_bytes())
        facts.pop("edge")
        shard = facts.pop("shard", "")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise damaged(folder.name) from error
    version = version_of(folder.name, facts)
    if not isinstance(shard, str) or not _SHARD.fullmatch(shard):
        raise damaged(folder.name)
    return version, shard


def _version_of(facts: dict[str, Any]) -> IndexVersion:
    for key in ("watermark", "created_at"):
        facts[key] = datetime.fromisoformat(facts[key])
    facts["similarity_quantiles"] = tuple(facts["similarity_quantiles"])
    if facts.get("axes") is not None:  # versions of before have none
        facts["axes"] = Axes.read(facts["axes"], facts["width"])
    facts["cleared"] = Cleared(datetime.fromisoformat(facts["cleared"]["at"]), facts["cleared"]["known"])
    return IndexVersion(**facts)
