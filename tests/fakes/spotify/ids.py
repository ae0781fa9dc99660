"""Ids as Spotify makes them: 22 letters of base 62, always the same for the same thing."""

from __future__ import annotations

import hashlib
import re
import string
from functools import lru_cache

_LETTERS = string.digits + string.ascii_lowercase + string.ascii_uppercase
_LENGTH = 22
BASE62 = re.compile(rf"[0-9A-Za-z]{{{_LENGTH}}}")


@lru_cache(maxsize=100_000)
def spotify_id(kind: str, *named: str) -> str:
    """The id of what is ``named`` so; an artist, an album and a track of one name have different ones."""
    text = "\0".join((kind, *named)).encode()
    number = int.from_bytes(hashlib.blake2b(text, digest_size=16).digest())
    letters = []
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(reversed(letters))
