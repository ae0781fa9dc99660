"""What travels with a person's vector, so that reasons need no second store: packed into a few strings.

Names are there to be shown; what two people share is found by ids (``indexer.terms``).

One string per field, since an engine hands a string over far faster than a list. Read by the retriever, written by
whoever puts a person into the index (the indexer in bulk, the retriever one by one): the same function for both.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.identity import artist_key
from features.user_features import UserFeatures
from indexer.ports import Payload
from indexer.terms import LENGTH, ids_of

MAX_ARTISTS = 500
MAX_GENRES = 40
_SEPARATOR = "\n"  # cannot stand in a name: control characters are refused or stripped at the door
_SCALE = 127.0


class Card:
    """A person's payload, unpacked piece by piece when it is asked for: an answer needs few pieces of many people."""

    __slots__ = ("_payload",)

    def __init__(self, payload: Payload) -> None:
        self._payload = payload

    @property
    def display_name(self) -> str | None:
        """The name to show, where the person has one."""
        return self._payload.get("display_name")

    @property
    def profile_url(self) -> str | None:
        """Where the person is to be found, where that is known."""
        return self._payload.get("profile_url")

    @property
    def artists(self) -> list[str]:
        """Names, heaviest first, at most ``MAX_ARTISTS``."""
        return _split(self._payload["artists"])

    @property
    def genres(self) -> list[str]:
        """Genres, heaviest first, at most ``MAX_GENRES``."""
        return _split(self._payload["genres"])

    @property
    def ids(self) -> str:
        """Ids (``indexer.terms``) of each of ``artists``, then of each of ``genres``."""
        return self._payload["ids"]

    @property
    def artist_count(self) -> int:
        """How many ``artists`` there are, told without their names being split; genres are the shorter text."""
        genres = self._payload["genres"]
        return len(self.ids) // LENGTH - (genres.count(_SEPARATOR) + 1 if genres else 0)


def towers_of(cards: Sequence[Card]) -> npt.NDArray[np.float32]:
    """Tower outputs, float32 [n, 3, tower_width]; rows of any length, zero where the person lacks that part."""
    # Three towers are a multiple of three bytes, so no text ends in padding and all are one text.
    packed = base64.b64decode("".join([card._payload["towers"] for card in cards]))
    return np.frombuffer(packed, np.int8).astype(np.float32).reshape(len(cards), 3, -1)


def pack(person: UserFeatures, towers: npt.NDArray[np.float32]) -> Payload:
    """Pack a person's payload.

    Args:
        person: whose listening it is.
        towers: float32 [3, tower_width], unit or zero rows; kept as int8 (error below 0.01 in a cosine).
    """
    artists = list(person.listening.artist_weights())[:MAX_ARTISTS]
    genres = list(person.listening.genre_weights())[:MAX_GENRES]
    quantised = np.round(towers * _SCALE).astype(np.int8)
    payload = {
        "artists": _SEPARATOR.join(artists),
        "genres": _SEPARATOR.join(genres),
        "ids": ids_of(map(artist_key, artists), genres),
        "towers": base64.b64encode(quantised.tobytes()).decode("ascii"),
    }
    if person.display_name is not None:
        payload["display_name"] = person.display_name
    if person.profile_url is not None:
        payload["profile_url"] = person.profile_url
    return payload


def unpack(payload: Payload) -> Card:
    """The inverse of :func:`pack`."""
    return Card(payload)


def _split(joined: str) -> list[str]:
    return joined.split(_SEPARATOR) if joined else []
