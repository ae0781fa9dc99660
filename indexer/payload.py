"""What travels with a person's vector, so that reasons need no second store: packed into a few strings.

One string per field, since an engine hands a string over far faster than a list. Read by the retriever, written by
whoever puts a person into the index (the indexer in bulk, the retriever one by one): the same function for both.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.user_features import UserFeatures
from indexer.ports import Payload

MAX_ARTISTS = 500
MAX_GENRES = 100
_SEPARATOR = "\n"  # cannot stand in a name: control characters are refused or stripped at the door
_SCALE = 127.0


@dataclass(frozen=True, slots=True)
class Card:
    """A person's payload, unpacked. Artists and genres stand heaviest first; ``towers`` as in ``Embeddings``."""

    display_name: str | None
    profile_url: str | None
    source: str
    artists: tuple[str, ...]
    genres: tuple[str, ...]
    towers: npt.NDArray[np.float32]


def pack(person: UserFeatures, towers: npt.NDArray[np.float32]) -> Payload:
    """Pack a person's payload.

    Args:
        person: whose listening it is.
        towers: float32 [3, tower_width], unit or zero rows; kept as int8 (error below 0.01 in a cosine).
    """
    quantised = np.round(towers * _SCALE).astype(np.int8)
    payload = {
        "source": person.source,
        "artists": _SEPARATOR.join(list(person.listening.artist_weights())[:MAX_ARTISTS]),
        "genres": _SEPARATOR.join(list(person.listening.genre_weights())[:MAX_GENRES]),
        "towers": base64.b64encode(quantised.tobytes()).decode("ascii"),
    }
    if person.display_name is not None:
        payload["display_name"] = person.display_name
    if person.profile_url is not None:
        payload["profile_url"] = person.profile_url
    return payload


def unpack(payload: Payload) -> Card:
    """The inverse of :func:`pack`; tower rows have unit length again, or are zero."""
    towers = np.frombuffer(base64.b64decode(payload["towers"]), np.int8).astype(np.float32).reshape(3, -1)
    norms = np.sqrt((towers * towers).sum(axis=1, keepdims=True))
    towers = np.divide(towers, norms, out=np.zeros_like(towers), where=norms > 0)
    return Card(
        display_name=payload.get("display_name"),
        profile_url=payload.get("profile_url"),
        source=payload["source"],
        artists=tuple(payload["artists"].split(_SEPARATOR)) if payload["artists"] else (),
        genres=tuple(payload["genres"].split(_SEPARATOR)) if payload["genres"] else (),
        towers=towers,
    )
