"""Import: profiles from sources, in batches, into the feature store; each batch is written whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from features.build import FeatureBuilder
from features.identity import artist_key
from features.ports import FeatureStore
from features.profile import TasteProfile, UserId
from features.sources import Rejection

BATCH = 500
"""Profiles between two writes: what an interruption can lose, and what memory holds."""


@dataclass
class Summary:
    """What an import did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    replaced: int = 0
    """Profiles that a later one of the same id in the same batch took the place of."""
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def people(self) -> int:
        """People who are in the store now because of this import, or were already."""
        return self.added + self.updated + self.unchanged


class Importer:
    """Brings profiles into a store. ``summary`` is up to date after every batch, also when it is interrupted."""

    def __init__(self, store: FeatureStore, builder: FeatureBuilder, clock: Callable[[], datetime]) -> None:
        self._store, self._builder, self._clock = store, builder, clock
        self.summary = Summary()

    def run(self, found: Iterable[TasteProfile | Rejection], on_batch: Callable[[int], None]) -> None:
        """Import everything that a source yields; ``on_batch`` is told how many profiles were done.

        Raises:
            StoreError: a batch could not be written; those before it stay.
            TextModelError: the text model is needed and cannot be loaded.
        """
        batch: list[TasteProfile] = []
        for profile in found:
            if isinstance(profile, Rejection):
                self.summary.rejected.append(profile)
                continue
            batch.append(profile)
            if len(batch) >= BATCH:
                self._write(batch)
                on_batch(len(batch))
                batch = []
        if batch:
            self._write(batch)
            on_batch(len(batch))

    def _write(self, batch: list[TasteProfile]) -> None:
        people: dict[str, TasteProfile] = {}
        for profile in map(identified, batch):
            if not any(artist_key(track.artist) for playlist in profile.playlists for track in playlist.tracks):
                self.summary.rejected.append(Rejection(f"user {profile.user_id}", "no track with an artist"))
                continue
            self.summary.replaced += profile.user_id in people
            people[profile.user_id or ""] = profile
        done = self._store.upsert(self._builder.build(list(people.values()), now=self._clock(), consent=True))
        self.summary.added += done.added
        self.summary.updated += done.updated
        self.summary.unchanged += done.unchanged


def identified(profile: TasteProfile) -> TasteProfile:
    """The profile with an id: its own, or a digest of its content, so that the same file twice is one person."""
    if profile.user_id is not None:
        return profile
    digest = hashlib.blake2b(profile.model_dump_json().encode(), digest_size=16).hexdigest()
    return profile.model_copy(update={"user_id": UserId(f"u-{digest}")})
