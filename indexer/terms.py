"""Ids of artists and genres, by which two people's listening is compared without a name being read.

An id is 48 bits of BLAKE2b (RFC 7693), spelt as eight base64 characters; those eight bytes are read as one 64-bit
number, so a string of ids is an array of numbers as it stands. Among the pairs that an answer compares, two different
terms meet in one id about once in a billion answers.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from features.identity import artist_key

LENGTH = 8
"""Characters of an id."""


@lru_cache(maxsize=200_000)
def artist_id(key: str) -> str:
    """The id of an artist, by ``features.identity.artist_key``."""
    return _spelt(key, b"artist")


@lru_cache(maxsize=20_000)
def genre_id(genre: str) -> str:
    """The id of a genre."""
    return _spelt(genre, b"genre")


def numbers(ids: str) -> npt.NDArray[np.uint64]:
    """Ids, one after the other, as uint64 [len(ids) / LENGTH]."""
    return np.frombuffer(ids.encode("ascii"), "<u8")


def artist_numbers(artists: Iterable[str]) -> list[int]:
    """The ids of artists, by name, as numbers."""
    return numbers("".join([artist_id(artist_key(artist)) for artist in artists])).tolist()


def numbered(artists: Mapping[str, int], genres: Mapping[str, int]) -> dict[int, int]:
    """What is known of artists (by ``artist_key``) and genres, by the numbers of their ids."""
    ids = "".join([*map(artist_id, artists), *map(genre_id, genres)])
    return dict(zip(numbers(ids).tolist(), [*artists.values(), *genres.values()], strict=True))


def _spelt(term: str, kind: bytes) -> str:
    return base64.b64encode(blake2b(term.encode(), digest_size=LENGTH * 6 // 8, person=kind).digest()).decode("ascii")
