"""Vectors of what a question likes and dislikes: people, as the index has them, and artists, as the model sees them.

An artist becomes somebody who listens to nothing else. How vectors bend a question lives in ``retriever.steering``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from features.errors import UnknownUser
from features.identity import artist_key
from features.listener import Listener
from features.listening import Listening, PlaylistListening
from features.profile import UserId
from features.user_features import UserFeatures
from indexer.follow import vectors_of
from indexer.ports import PersonVector, UserIndex
from trainer.ports import Embedder

Build = Callable[[Sequence[Listener]], list[UserFeatures]]
"""Makes features of listeners, such as ``retriever.encoding`` does for all questions together."""

_REMEMBERED = 5_000
"""Artists that are kept: 15 MB at width 128."""


def people_of(index: UserIndex, user_ids: Sequence[UserId]) -> list[PersonVector]:
    """People as the index has them, in the order of ``user_ids``.

    Raises:
        UnknownUser: one of them is not in it; names the first.
    """
    people = index.get(user_ids) if user_ids else {}
    for user_id in user_ids:
        if user_id not in people:
            raise UnknownUser(f"Nobody has the id {user_id!r}, which is an example.", "Leave it out, or correct it.")
    return [people[user_id] for user_id in user_ids]


class ArtistVectors:
    """Makes vectors of artists as if each were somebody, and remembers those asked for last; thread-safe.

    Kept by model version, so a new one begins afresh. What the community learns of an artist meanwhile, such as a
    genre, is seen once the artist has been forgotten, or with the next model.
    """

    def __init__(self, build: Build, *, remembered: int = _REMEMBERED) -> None:
        self._build, self._remembered = build, remembered
        self._known: OrderedDict[tuple[int, str], PersonVector] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, artists: Sequence[str], embedder: Embedder) -> list[PersonVector]:
        """Somebody for each of ``artists``, in their order, who listens to nothing else; any name has one.

        Raises:
            TextModelError: a name needs encoding and the text model cannot be loaded.
            StoreError: the artists' catalogue cannot be read. Also what else ``build`` raises.
        """
        keys = [(embedder.version, artist_key(artist)) for artist in artists]
        found = self._recall(keys)
        missing = list(dict.fromkeys(key for key in keys if key not in found))
        if missing:
            people = self._build([_listener(artist) for _, artist in missing])
            fresh = dict(zip(missing, vectors_of(people, embedder), strict=True))
            self._remember(fresh)
            found |= fresh
        return [_spelt(found[key], artist) for key, artist in zip(keys, artists, strict=True)]

    def _recall(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], PersonVector]:
        with self._guard:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        return found

    def _remember(self, fresh: dict[tuple[int, str], PersonVector]) -> None:
        with self._guard:
            self._known.update(fresh)
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)


def _spelt(somebody: PersonVector, artist: str) -> PersonVector:
    """Somebody who spells their artist as a question does, for the reasons."""
    return replace(somebody, payload={**somebody.payload, "artists": artist})


def _listener(artist: str) -> Listener:
    """Somebody who listens to one artist only, by the key of it, so that no spelling decides; nobody stores them."""
    one = PlaylistListening("", (artist,), (1.0,), (None,))
    return Listener(UserId(f"artist {artist}"), None, None, "example", Listening((one,)))
