"""FeatureBuilder: profiles in, UserFeatures out; the only way that features come to be, for import and for the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from features.compact import (
    NO_LIMITS,
    Limits,
    filled_from,
    gaps_of,
    listening_of,
    only_artists,
    only_heaviest,
)
from features.errors import EmptyProfile, InvalidProfile
from features.listening import Listening
from features.ports import ArtistCatalog, TextEncoder
from features.profile import TasteProfile, UserId
from features.user_features import UserFeatures
from features.vectors import Mixtures, TextVectors, coverage_of, mixtures_of, view_of, year_stats_of


class FeatureBuilder:
    """Makes features of profiles, many at once, so that unknown texts are encoded in one batch."""

    def __init__(self, encoder: TextEncoder, catalog: ArtistCatalog) -> None:
        self._encoder = encoder
        self._catalog = catalog

    def build(
        self, profiles: Sequence[TasteProfile], *, now: datetime, consent: bool, limits: Limits = NO_LIMITS
    ) -> list[UserFeatures]:
        """Features of ``profiles``, in their order.

        Args:
            profiles: each with a ``user_id``.
            now: timezone-aware time that becomes ``updated_at``.
            consent: whether these people agreed to be found by others.
            limits: how much of each profile to use.

        Raises:
            EmptyProfile: somebody has no track with an artist.
            InvalidProfile: somebody has no ``user_id``.
            TextModelError: a text needs encoding and the model cannot be loaded.
        """
        heard = [self._listening(profile, limits) for profile in profiles]
        gaps = [gaps_of(listening) for listening in heard]
        facts = self._catalog.facts({artist for each in gaps for artist in each.artists})
        listenings = [filled_from(listening, each, facts) for listening, each in zip(heard, gaps, strict=True)]
        mixtures = [mixtures_of(listening) for listening in listenings]
        vectors = TextVectors((text for mixture in mixtures for text in mixture.texts()), self._encoder)
        return [
            self._features(profile, listening, mixture, vectors, now, consent)
            for profile, listening, mixture in zip(profiles, listenings, mixtures, strict=True)
        ]

    def limited(self, person: UserFeatures, limits: Limits) -> UserFeatures:
        """The person if only part of their listening is used: the first playlists, the heaviest artists."""
        part = replace(person.listening, playlists=person.listening.playlists[: limits.playlists])
        part = only_artists(part, frozenset(part.artists))
        if limits.top_artists is not None:
            part = only_heaviest(part, limits.top_artists)
        return view_of(person, part, TextVectors(mixtures_of(part).texts(), self._encoder))

    @staticmethod
    def _listening(profile: TasteProfile, limits: Limits) -> Listening:
        listening = listening_of(profile, limits)
        if not listening.playlists:
            raise EmptyProfile("The profile holds no track with an artist.", "Add at least one playlist with a track.")
        if profile.user_id is None:
            raise InvalidProfile("The profile has no user_id.", "Give the person an id.")
        return listening

    def _features(  # the one place where all parts of a person meet
        self,
        profile: TasteProfile,
        listening: Listening,
        mixtures: Mixtures,
        vectors: TextVectors,
        now: datetime,
        consent: bool,
    ) -> UserFeatures:
        return UserFeatures(
            user_id=UserId(profile.user_id or ""),
            display_name=profile.display_name,
            profile_url=profile.profile_url,
            source=profile.source,
            consent=consent,
            updated_at=now,
            text_model=self._encoder.name,
            genre=vectors.blend(mixtures.genre),
            artist=vectors.blend(mixtures.artist),
            playlist=vectors.blend(mixtures.playlist),
            years=year_stats_of(listening),
            coverage=coverage_of(listening, mixtures.artist),
            listening=listening,
        )
