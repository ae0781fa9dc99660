"""Fakes of the features room's ports; each passes the contract tests of the real thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from statistics import median_low
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.identity import artist_key, point_id
from features.ports import ArtistFacts, Upserted
from features.profile import UserId
from features.provenance import is_of_spotify_api
from features.user_features import UserFeatures


class HashingEncoder:
    """TextEncoder without a model: unit vectors summed from hashed character trigrams, so similar texts are near."""

    def __init__(self, name: str = "hashing", width: int = 384) -> None:
        self.name = name
        self.width = width
        self.encoded: list[str] = []

    def warm_up(self) -> None:
        pass

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.encoded += texts
        vectors = np.zeros((len(texts), self.width), np.float32)
        for row, text in enumerate(texts):
            padded = f"  {text.lower()} "
            vectors[row] = sum(self._of_trigram(padded[start : start + 3]) for start in range(len(padded) - 2))
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def _of_trigram(self, trigram: str) -> npt.NDArray[np.float32]:
        seed = blake2b(trigram.encode("utf-8", "replace"), digest_size=8).digest()
        return np.random.default_rng(list(seed)).standard_normal(self.width).astype(np.float32)


class MemoryArtistCatalog:
    """ArtistCatalog recomputed from the people at every question: slow, and right by its plainness."""

    def __init__(self, people: Mapping[UserId, UserFeatures]) -> None:
        self._people = people

    def facts(self, artists: Iterable[str]) -> dict[str, ArtistFacts]:
        answers = {artist: self._facts_of(artist_key(artist)) for artist in artists}
        return {artist: facts for artist, facts in answers.items() if facts.people}

    def popularity(self) -> tuple[dict[str, int], dict[str, int]]:
        artists: Counter[str] = Counter()
        genres: Counter[str] = Counter()
        for person in self._people.values():
            keys = {artist_key(name) for name in person.listening.artist_weights()}
            artists.update(keys)
            genres.update({genre for key in keys for genre in _told(person, key)[0]})
        return dict(artists), dict(genres)

    def without_genres(self) -> list[str]:
        people, _ = self.popularity()
        untagged = [key for key in people if not self._facts_of(key).genres]
        return sorted(untagged, key=lambda key: (-people[key], key))

    def _facts_of(self, key: str) -> ArtistFacts:
        told = [_told(person, key) for person in self._people.values() if _plays(person, key)]
        genres = Counter(genre for found, _ in told for genre in found)
        years = [year for _, year in told if year is not None]
        commonest = sorted(genres, key=lambda genre: (-genres[genre], genre))[:5]
        return ArtistFacts(len(told), tuple(commonest), median_low(years) if years else None)


def _plays(person: UserFeatures, key: str) -> bool:
    return any(artist_key(name) == key for name in person.listening.artist_weights())


def _told(person: UserFeatures, key: str) -> tuple[tuple[str, ...], int | None]:
    """Genres and median year of an artist as the person's source told them; nothing that Spotify's Web API told."""
    if is_of_spotify_api(person):
        return (), None
    listening = person.listening
    entries = [
        (artist, year)
        for playlist in listening.playlists
        for artist, _, year in playlist.rows()
        if artist_key(artist) == key
    ]
    genres = [
        listening.genres[artist]
        for artist, _ in entries
        if listening.genres.get(artist) and artist not in listening.filled_genres
    ]
    years = [year for artist, year in entries if year is not None and artist not in listening.filled_years]
    return (genres[0] if genres else ()), (median_low(years) if years else None)


class MemoryFeatureStore:
    """FeatureStore in a dictionary; ``catalog`` is the ArtistCatalog over its people."""

    def __init__(self) -> None:
        self._people: dict[UserId, UserFeatures] = {}
        self._written_at: dict[UserId, datetime] = {}
        self._tombstones: dict[UUID, datetime] = {}
        self._back: set[UUID] = set()
        self._changed_at: datetime | None = None
        self.catalog = MemoryArtistCatalog(self._people)

    def upsert(self, people: Sequence[UserFeatures], *, anew: bool = False) -> Upserted:
        added = updated = unchanged = 0
        stamp: datetime | None = None
        for person in {person.user_id: person for person in people}.values():
            old = self._people.get(person.user_id)
            if old is not None and _same(old, person):
                unchanged += 1
                if anew:
                    stamp = stamp or self._stamp()
                    self._written_at[person.user_id] = stamp
                continue
            added += old is None
            updated += old is not None
            self._people[person.user_id] = person
            stamp = stamp or self._stamp()
            self._written_at[person.user_id] = stamp
            self._back.add(point_id(person.user_id))
        return Upserted(added, updated, unchanged)

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, UserFeatures]:
        return {user_id: self._people[user_id] for user_id in user_ids if user_id in self._people}

    def scan(self, *, since: datetime | None = None, batch_size: int = 1000) -> Iterator[list[UserFeatures]]:
        wanted = sorted(u for u in self._people if since is None or self._written_at[u] >= since)
        for start in range(0, len(wanted), batch_size):
            yield list(self.get(wanted[start : start + batch_size]).values())

    def delete(self, user_ids: Iterable[UserId]) -> int:
        named = set(user_ids)
        known = {user_id for user_id in named if user_id in self._people}
        for user_id in known:
            del self._people[user_id], self._written_at[user_id]
        if named:
            stamp = self._stamp()
            self._tombstones.update({point_id(user_id): stamp for user_id in named})
            self._back.difference_update(map(point_id, named))
        return len(known)

    def deleted(self, *, since: datetime) -> list[UUID]:
        return [point for point in self.departed(since=since) if point not in self._back]

    def departed(self, *, since: datetime) -> list[UUID]:
        return sorted(point for point, when in self._tombstones.items() if when >= since)

    def count(self) -> int:
        return len(self._people)

    def last_change(self) -> datetime | None:
        return self._changed_at

    def _stamp(self) -> datetime:
        now, last = datetime.now(UTC), self._changed_at
        self._changed_at = now if last is None else max(now, last + timedelta(microseconds=1))
        return self._changed_at


def _same(one: UserFeatures, other: UserFeatures) -> bool:
    vectors = ("genre", "artist", "playlist")
    if any(not _equal(getattr(one, name), getattr(other, name)) for name in vectors):
        return False
    if (one.years is None) != (other.years is None):
        return False
    if one.years is not None and other.years is not None:
        mine, theirs = one.years, other.years
        if (mine.mean, mine.std) != (theirs.mean, theirs.std) or not _equal(mine.decades, theirs.decades):
            return False
    blank = dict.fromkeys((*vectors, "years"))
    return replace(one, **blank, updated_at=other.updated_at) == replace(other, **blank)


def _equal(one: npt.NDArray[np.float32] | None, other: npt.NDArray[np.float32] | None) -> bool:
    return np.array_equal(one, other) if one is not None and other is not None else one is other
