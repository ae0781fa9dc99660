"""The questions that the service answers, without HTTP: embed, search, explain. Blocking; thread-safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.build import FeatureBuilder
from features.compact import NO_LIMITS
from features.errors import ProfileTooLarge, UnknownUser
from features.identity import new_user_id
from features.listener import Listener, listener_of
from features.profile import TasteProfile, UserId
from features.user_features import UserFeatures
from indexer.follow import vectors_of
from indexer.payload import Card, unpack
from indexer.ports import Neighbour
from indexer.terms import artist_numbers
from retriever.answers import Recommendations, SimilarPeople
from retriever.explain import Asker, Yardstick, discoveries
from retriever.live import Live
from retriever.members import MEND_UNKNOWN, Members
from retriever.opening import Unit
from retriever.options import Options


@dataclass(frozen=True)
class Bounds:
    """How much goes in and comes out.

    Attributes:
        max_profile_tracks: larger profiles are refused.
        neighbours_asked: people who vote on discoveries.
        max_reasons: most shared artists, shared genres and discoveries.
    """

    max_profile_tracks: int
    neighbours_asked: int
    max_reasons: int


class Service:
    """Answers questions about who listens alike."""

    def __init__(self, live: Live, members: Members, builder: FeatureBuilder, bounds: Bounds) -> None:
        self._live, self._members, self._builder, self._bounds = live, members, builder, bounds

    def listener(self, profile: TasteProfile) -> Listener:
        """A profile made ready to be encoded, with an id where it has none.

        Raises:
            EmptyProfile, ProfileTooLarge: it cannot be used.
        """
        if profile.track_count > self._bounds.max_profile_tracks:
            raise ProfileTooLarge(
                f"The profile holds {profile.track_count:,} tracks; the limit is {self._bounds.max_profile_tracks:,}.",
                "Send the most played ones, or raise SOUNDALIKE_MAX_PROFILE_TRACKS on the server.",
            )
        return listener_of(profile if profile.user_id else profile.model_copy(update={"user_id": new_user_id()}))

    def recommend(self, person: UserFeatures, options: Options) -> Recommendations:
        """The people nearest to somebody new; with ``remember`` they are part of the community when this returns.

        Somebody known of the same id is replaced.

        Raises:
            TextModelError, StoreError, IndexUnavailable: a part of the service is not available.
        """
        if options.remember:
            self._members.join(person)
        return self._answer(person, options, stored=options.remember)

    def recommend_known(self, user_id: UserId, options: Options) -> Recommendations:
        """The same for somebody who is already part of the community. Raises UnknownUser."""
        return self._answer(self._members.known(user_id), options, stored=True)

    def similar(self, user_id: UserId, limit: int) -> SimilarPeople:
        """The people nearest to somebody in the index; reads no other store. Raises UnknownUser."""
        with self._live.lease() as unit:
            found = unit.index.near(user_id, limit)
            if found is None:
                raise UnknownUser(f"Nobody has the id {user_id!r}.", MEND_UNKNOWN)
            payload, near = found
            asker = Asker(unpack(payload), self._yardstick(unit))
            return SimilarPeople(
                user_id, unit.version.model_version, unit.version.name, asker.compare(_with_cards(near))
            )

    def _answer(self, person: UserFeatures, options: Options, *, stored: bool) -> Recommendations:
        used = person if options.limits == NO_LIMITS else self._builder.limited(person, options.limits)
        with self._live.lease() as unit:
            (asking,) = vectors_of([used], unit.embedder)
            nearest = max(options.limit, self._bounds.neighbours_asked)
            near = _with_cards(unit.index.search(asking.vector, nearest, exclude=[asking.user_id]))
            asker = Asker(unpack(asking.payload), self._yardstick(unit))
            known = frozenset(artist_numbers(person.listening.artist_weights()))
            return Recommendations(
                user_id=person.user_id,
                model_version=unit.version.model_version,
                index=unit.version.name,
                coverage=used.coverage,
                stored=stored,
                recommendations=asker.compare(near[: options.limit]),
                discoveries=discoveries(near[: self._bounds.neighbours_asked], known, self._bounds.max_reasons),
            )

    def _yardstick(self, unit: Unit) -> Yardstick:
        return Yardstick(self._live.people, unit.version.similarity_quantiles, self._bounds.max_reasons)


def _with_cards(near: Sequence[Neighbour]) -> list[tuple[Neighbour, Card]]:
    return [(neighbour, unpack(neighbour.payload)) for neighbour in near]
