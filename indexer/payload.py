"""What travels with a person's vector, so that reasons need no second store: packed into a few strings and numbers.

Names are there to be shown; what two people share is found by ids (``indexer.terms``). ``source``, ``artist_count`` and
``updated`` are what searches are narrowed by (``indexer.ports.Where``); ``content`` is a fingerprint of what is known
of the person, by which a point that is behind the feature store is told.

One string per field, since an engine hands a string over far faster than a list. Read by the retriever, written by
whoever puts a person into the index (the indexer in bulk, the retriever one by one): the same function for both.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.fingerprint import fingerprint
from features.identity import artist_key
from features.user_features import UserFeatures, YearStats
from indexer.ports import Payload
from indexer.terms import ids_of

CONTENT, NAME, GENRES = "content", "display_name", "genres"
MAX_ARTISTS = 500
MAX_GENRES = 40
_SEPARATOR = "\n"  # cannot stand in a name: control characters are refused or stripped at the door
_SCALE = 127.0
_WHOLE = 255  # a share of 1, so that a share is two hex digits


class Card:
    """A person's payload, unpacked piece by piece when it is asked for: an answer needs few pieces of many people."""

    __slots__ = ("_payload",)

    def __init__(self, payload: Payload) -> None:
        self._payload: Mapping[str, Any] = payload  # each field has the type that ``pack`` gave it

    @property
    def display_name(self) -> str | None:
        """The name to show, where the person has one."""
        return self._payload.get(NAME)

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
        return _split(self._payload[GENRES])

    @property
    def main_genre(self) -> str | None:
        """The heaviest genre, where any is known."""
        joined: str = self._payload.get(GENRES, "")
        return joined.partition(_SEPARATOR)[0] or None

    @property
    def ids(self) -> str:
        """Ids (``indexer.terms``) of each of ``artists``, then of each of ``genres``."""
        return self._payload["ids"]

    @property
    def source(self) -> str:
        """Where the listening was read from."""
        return self._payload["source"]

    @property
    def artist_count(self) -> int:
        """How many artists the person listens to, those beyond ``MAX_ARTISTS`` too."""
        return self._payload["artist_count"]

    @property
    def updated(self) -> int:
        """When the listening was last read, in whole seconds since 1970 (UTC)."""
        return self._payload["updated"]

    @property
    def genre_coverage(self) -> float:
        """Share of the listening with known genres, 0 to 1."""
        return self._payload["genre_coverage"]

    @property
    def year_coverage(self) -> float:
        """Share of the listening with known release years, 0 to 1."""
        return self._payload["year_coverage"]

    @property
    def decades(self) -> tuple[float, ...] | None:
        """Share of each decade (``features.user_features.DECADES``), summing to 1; None where no year is known.

        Kept as a byte each, which errs by 0.002, and at the very worst, for one decade that outweighs all, by 0.03.
        """
        packed = self._payload.get("decades")
        if packed is None:
            return None
        shares = bytes.fromhex(packed)
        whole = sum(shares)
        return tuple([share / whole for share in shares])


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
    everything = list(person.listening.artist_weights())
    artists, genres = everything[:MAX_ARTISTS], list(person.listening.genre_weights())[:MAX_GENRES]
    payload: dict[str, str | int | float] = {
        **taste(artists, genres, ids_of(map(artist_key, artists), genres), towers),
        CONTENT: fingerprint(person),
        "source": person.source,
        "artist_count": len(everything),
        "updated": int(person.updated_at.timestamp()),
        "genre_coverage": person.coverage.genres,
        "year_coverage": person.coverage.years,
    }
    if person.years is not None:
        payload["decades"] = _as_hex(person.years)
    if person.display_name is not None:
        payload[NAME] = person.display_name
    if person.profile_url is not None:
        payload["profile_url"] = person.profile_url
    return payload


def taste(artists: Iterable[str], genres: Iterable[str], ids: str, towers: npt.NDArray[np.float32]) -> dict[str, str]:
    """The part of a payload that people are compared by.

    Args:
        artists: names, heaviest first, at most ``MAX_ARTISTS``.
        genres: heaviest first, at most ``MAX_GENRES``.
        ids: of each of ``artists``, then of each of ``genres`` (``indexer.terms``).
        towers: float32 [3, tower_width], unit or zero rows; kept as int8 (error below 0.01 in a cosine).
    """
    quantised = np.round(towers * _SCALE).astype(np.int8)
    return {
        "artists": _SEPARATOR.join(artists),
        GENRES: _SEPARATOR.join(genres),
        "ids": ids,
        "towers": base64.b64encode(quantised.tobytes()).decode("ascii"),
    }


def unpack(payload: Payload) -> Card:
    """The inverse of :func:`pack`."""
    return Card(payload)


def _as_hex(years: YearStats) -> str:
    return np.round(years.decades * _WHOLE).astype(np.uint8).tobytes().hex()


def _split(joined: str) -> list[str]:
    return joined.split(_SEPARATOR) if joined else []
