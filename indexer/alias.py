"""The alias: one small file, ``CURRENT``, that says which version is live; replaced in one step, never edited."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.errors import IndexUnavailable
from indexer.files import write_atomically
from indexer.manifest import MEND, parse_name


@dataclass(frozen=True, slots=True)
class Alias:
    """Where the alias points.

    Attributes:
        name: the live version.
        seq: how often the alias was moved, so that a change back is a change too.
        previous: the version that was live before.
    """

    name: str
    seq: int
    previous: str | None

    def moved_to(self, name: str) -> Alias:
        """The alias after one step."""
        return Alias(name, self.seq + 1, self.name)

    def replaced_by(self, name: str) -> Alias:
        """The alias after a version took the place of the live one: the way back stays what it was."""
        return Alias(name, self.seq + 1, self.previous)


def read_alias(path: Path) -> Alias | None:
    """The alias, None where nothing was ever published. Raises IndexUnavailable where the file is damaged."""
    try:
        alias = Alias(**json.loads(path.read_bytes()))
        names = [alias.name] if alias.previous is None else [alias.name, alias.previous]
        if all(map(parse_name, names)):
            return Alias(alias.name, int(alias.seq), alias.previous)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise IndexUnavailable(f"{path} cannot be read.", MEND) from error
    raise IndexUnavailable(f"{path} names no version.", MEND)


def write_alias(path: Path, alias: Alias) -> None:
    """Move the alias."""
    write_atomically(path, json.dumps(asdict(alias)).encode())
