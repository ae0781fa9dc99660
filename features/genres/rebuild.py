"""Making the features anew of people whose artists have genres by now that were not known when they came.

Only what was filled in changes: consent, source, profile URL, and what their own source told stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from features.build import FeatureBuilder
from features.compact import as_told
from features.genres.sources import CatalogGenres
from features.listener import Listener
from features.outbox import Outbox
from features.ports import ArtistCatalog, FeatureStore
from features.provenance import is_of_spotify_api
from features.user_features import UserFeatures


class Rebuilder:
    """Finds the people whom new genres help, and makes their features anew."""

    def __init__(self, store: FeatureStore, catalog: ArtistCatalog, builder: FeatureBuilder, outbox: Outbox) -> None:
        """Work on ``store``, with the catalogue that ``builder`` fills gaps from."""
        self._store, self._builder, self._outbox = store, builder, outbox
        self._genres = CatalogGenres(catalog)

    def run(self, clock: Callable[[], datetime], on_people: Callable[[int], None], *, batch_size: int = 250) -> int:
        """Go through everybody; returns how many were made anew.

        Args:
            clock: the time that becomes ``updated_at``, timezone-aware; not of those whose listening expires.
            on_people: told how many more people were looked at.
            batch_size: people in memory, and in one write.

        Raises:
            StoreError: a store cannot be read or written; what was written stays.
            TextModelError: a text needs encoding and the model cannot be loaded.
        """
        changed = 0
        for batch in self._store.scan(batch_size=batch_size):
            helped = self._helped(batch)
            if helped:
                changed += self._write(helped, self._anew(helped, clock()))
            on_people(len(batch))
        return changed

    def _helped(self, people: Sequence[UserFeatures]) -> list[UserFeatures]:
        missing = [person.listening.artists - person.listening.genres.keys() for person in people]
        known = self._genres.genres(sorted(set().union(*missing))).keys()
        return [person for person, artists in zip(people, missing, strict=True) if artists & known]

    def _anew(self, people: Sequence[UserFeatures], now: datetime) -> list[UserFeatures]:
        listeners = [
            Listener(each.user_id, each.display_name, each.profile_url, each.source, as_told(each.listening))
            for each in people
        ]
        built = self._builder.build(listeners, now=now, consent=False)
        return [_still(old, new) for old, new in zip(people, built, strict=True)]

    def _write(self, before: Sequence[UserFeatures], after: Sequence[UserFeatures]) -> int:
        """Write those who are still as they were: who was deleted or has changed meanwhile must not come back.

        While the outbox delivers nothing, a server that runs beside this deletes and changes nobody in the store.
        """
        with self._outbox.delivering():
            waiting = self._outbox.ids()
            now = self._store.get([person.user_id for person in before])
            same = [
                new
                for old, new in zip(before, after, strict=True)
                if old.user_id in now and now[old.user_id].updated_at == old.updated_at and old.user_id not in waiting
            ]
            return self._store.upsert(same).updated if same else 0


def _still(old: UserFeatures, new: UserFeatures) -> UserFeatures:
    """``new`` with what no genre changes; what expires does so as long after it was read as before."""
    updated_at = old.updated_at if is_of_spotify_api(old) else new.updated_at
    return replace(new, consented_at=old.consented_at, updated_at=updated_at)
