"""A key that is put into a file for the program that will show it, so that nobody has to copy it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from retriever.access.keyfile import KeyFile, unusable, write_privately
from retriever.access.keys import ApiKey, new_key
from retriever.access.roles import Role


def delivered(keys: KeyFile, path: Path, name: str, role: Role) -> ApiKey | None:
    """Put a new key into ``path``, which only its owner may read.

    None where the key in it is one of that name and role: called before every start, it leaves who runs their key.

    Raises:
        KeyFileError: the file, or the one of all keys, cannot be read or written.
    """
    now = datetime.now(UTC)
    try:
        found = keys.read().find(path.read_text(encoding="utf-8").strip(), now) if path.exists() else None
        if found is not None and (found.name, found.role) == (name, role):
            return None
        key, entry = new_key(name, role, now=now)
        write_privately(path, key.get_secret_value().encode())  # first: a key that is known is in somebody's hands
    except OSError as error:
        raise unusable(path, error) from error
    keys.change(lambda ring: ring.with_key(entry))
    return entry
