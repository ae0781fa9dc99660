"""FeatureBuilder: listeners in, UserFeatures out; the only way that features come to be, for import and for the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from features.compact import (
    Limits,
    filled_from,
    gaps_of,
    only_artists,
    only_heaviest,
)
from features.listener import Listener
from features.ports import ArtistCatalog, TextEncoder
from features.user_features import UserFeatures
from features.vectors import Mixtures, TextVectors, coverage_of, mixtures_of, view_of, year_stats_of


class FeatureBuilder:
    """Makes features of listeners, many at once, so that unknown texts are encoded in one batch."""

    def __init__(self, encoder: TextEncoder, catalog: ArtistCatalog) -> None:
        self._encoder = encoder
        self._catalog = catalog

    def build(self, listeners: Sequence[Listener], *, now: datetime, consent: bool) -> list[UserFeatures]:
        """Features of ``listeners``, in their order.

        Args:
            listeners: people with their listening; what it lacks is filled from the catalogue.
            now: timezone-aware time that becomes ``updated_at``.
            consent: whether these people agree, now, to be found by others.

        Raises:
            StoreError: the catalogue cannot be read.
            TextModelError: a text needs encoding and the model cannot be loaded.
        """
        gaps = [gaps_of(listener.listening) for listener in listeners]
        facts = self._catalog.facts({artist for each in gaps for artist in each.artists})
        listenings = [
            filled_from(listener.listening, each, facts) for listener, each in zip(listeners, gaps, strict=True)
        ]
        mixtures = [mixtures_of(listening) for listening in listenings]
        vectors = TextVectors((text for mixture in mixtures for text in mixture.texts()), self._encoder)
        return [
            self._features(replace(listener, listening=listening), mixture, vectors, now, consent)
            for listener, listening, mixture in zip(listeners, listenings, mixtures, strict=True)
        ]

    def limited(self, person: UserFeatures, limits: Limits) -> UserFeatures:
        """The person if only part of their listening is used: the first playlists, the heaviest artists.

        Raises:
            TextModelError: a text needs encoding and the model cannot be loaded.
        """
        part = replace(person.listening, playlists=person.listening.playlists[: limits.playlists])
        part = only_artists(part, frozenset(part.artists))
        if limits.top_artists is not None:
            part = only_heaviest(part, limits.top_artists)
        return view_of(person, part, TextVectors(mixtures_of(part).texts(), self._encoder))

    def _features(
        self, listener: Listener, mixtures: Mixtures, vectors: TextVectors, now: datetime, consent: bool
    ) -> UserFeatures:
        listening = listener.listening
        return UserFeatures(
            user_id=listener.user_id,
            display_name=listener.display_name,
            profile_url=listener.profile_url,
            source=listener.source,
            consented_at=now if consent else None,
            updated_at=now,
            text_model=self._encoder.name,
            genre=vectors.blend(mixtures.genre),
            artist=vectors.blend(mixtures.artist),
            playlist=vectors.blend(mixtures.playlist),
            years=year_stats_of(listening),
            coverage=coverage_of(listening, mixtures.artist),
            listening=listening,
        )
