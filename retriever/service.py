"""The service itself, without HTTP: embed, search, explain; remember and forget. Blocking; thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from features.build import FeatureBuilder
from features.compact import NO_LIMITS
from features.errors import ProfileTooLarge, UnknownUser
from features.identity import new_user_id, point_id
from features.listener import listener_of
from features.ports import FeatureStore
from features.profile import TasteProfile, UserId
from features.user_features import DECADES, FIRST_DECADE, UserFeatures
from indexer.payload import Card, pack, unpack
from indexer.ports import Neighbour, PersonVector
from indexer.terms import artist_numbers
from retriever.answers import Counts, Person, Readiness, Recommendations, SimilarPeople
from retriever.explain import Asker, Yardstick, discoveries
from retriever.live import Live, Unit
from retriever.options import Options
from trainer.ports import Embedder

_TOP = 10
_MEND_UNKNOWN = "Send a profile to POST /v1/recommendations, or upload an export to POST /v1/profiles."


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

    def __init__(self, live: Live, store: FeatureStore, builder: FeatureBuilder, bounds: Bounds) -> None:
        self.live = live
        self._store, self._builder, self._bounds = store, builder, bounds
        self._now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def recommend(self, profile: TasteProfile, options: Options) -> Recommendations:
        """The people nearest to a profile; with ``remember`` the person is in both stores when this returns.

        A profile with the id of somebody known takes their place.

        Raises:
            EmptyProfile, ProfileTooLarge: the profile cannot be used.
            TextModelError, StoreError, IndexUnavailable: a part of the service is not available.
        """
        if profile.track_count > self._bounds.max_profile_tracks:
            raise ProfileTooLarge(
                f"The profile holds {profile.track_count:,} tracks; the limit is {self._bounds.max_profile_tracks:,}.",
                "Send the most played ones, or raise SOUNDALIKE_MAX_PROFILE_TRACKS on the server.",
            )
        named = profile if profile.user_id else profile.model_copy(update={"user_id": new_user_id()})
        (person,) = self._builder.build([listener_of(named)], now=self._now(), consent=options.remember)
        if options.remember:
            with self.live.writing() as unit:
                self._store.upsert([person])
                unit.index.upsert([_indexed(person, unit.embedder)])
        return self._answer(person, options, stored=options.remember)

    def recommend_known(self, user_id: UserId, options: Options) -> Recommendations:
        """The same for somebody who is already part of the community. Raises UnknownUser."""
        return self._answer(self._known(user_id), options, stored=True)

    def similar(self, user_id: UserId, limit: int) -> SimilarPeople:
        """The people nearest to somebody in the index; reads no other store. Raises UnknownUser."""
        with self.live.lease() as unit:
            found = unit.index.near(user_id, limit)
            if found is None:
                raise UnknownUser(f"Nobody has the id {user_id!r}.", _MEND_UNKNOWN)
            payload, near = found
            asker = Asker(unpack(payload), self._yardstick(unit))
            return SimilarPeople(user_id, unit.embedder.version, asker.compare(_with_cards(near)))

    def person(self, user_id: UserId) -> Person:
        """What is kept of a person, in brief. Raises UnknownUser."""
        person = self._known(user_id)
        years = person.years
        shares = {} if years is None else {f"{FIRST_DECADE + 10 * i}s": float(years.decades[i]) for i in range(DECADES)}
        listening = person.listening
        artists, genres = list(listening.artist_weights()), list(listening.genre_weights())
        return Person(
            user_id=person.user_id,
            display_name=person.display_name,
            profile_url=person.profile_url,
            source=person.source,
            updated_at=person.updated_at,
            coverage=person.coverage,
            counts=Counts(len(listening.playlists), len(artists), len(genres)),
            top_artists=tuple(artists[:_TOP]),
            top_genres=tuple(genres[:_TOP]),
            decades={decade: round(share, 4) for decade, share in shares.items() if share > 0},
        )

    def forget(self, user_id: UserId) -> None:
        """Delete a person from both stores. Raises UnknownUser if neither knew them."""
        with self.live.writing() as unit:
            known = self._store.delete([user_id])
            indexed = unit.index.get([user_id])
            unit.index.delete([point_id(user_id)])
        if not known and not indexed:
            raise UnknownUser(f"Nobody has the id {user_id!r}.", "There was nothing to delete.")

    def readiness(self) -> Readiness:
        """Whether questions can be answered; raises what stands in the way."""
        self._store.count()
        with self.live.lease() as unit:
            reasons = (self.live.trouble,) if self.live.trouble else ()
            status = "not ready" if reasons else "ready"
            return Readiness(status, unit.embedder.version, unit.index.version.name, unit.index.count(), reasons)

    def _known(self, user_id: UserId) -> UserFeatures:
        person = self._store.get([user_id]).get(user_id)
        if person is None:
            raise UnknownUser(f"Nobody has the id {user_id!r}.", _MEND_UNKNOWN)
        return person

    def _answer(self, person: UserFeatures, options: Options, *, stored: bool) -> Recommendations:
        used = person if options.limits == NO_LIMITS else self._builder.limited(person, options.limits)
        with self.live.lease() as unit:
            asking = _indexed(used, unit.embedder)
            nearest = max(options.limit, self._bounds.neighbours_asked)
            near = _with_cards(unit.index.search(asking.vector, nearest, exclude=[asking.user_id]))
            asker = Asker(unpack(asking.payload), self._yardstick(unit))
            known = frozenset(artist_numbers(person.listening.artist_weights()))
            return Recommendations(
                user_id=person.user_id,
                model_version=unit.embedder.version,
                coverage=used.coverage,
                stored=stored,
                recommendations=asker.compare(near[: options.limit]),
                discoveries=discoveries(near[: self._bounds.neighbours_asked], known, self._bounds.max_reasons),
            )

    def _yardstick(self, unit: Unit) -> Yardstick:
        return Yardstick(self.live.people, unit.quantiles, self._bounds.max_reasons)


def _indexed(person: UserFeatures, embedder: Embedder) -> PersonVector:
    embedded = embedder.embed([person])
    return PersonVector(person.user_id, embedded.joint[0], pack(person, embedded.towers[0]))


def _with_cards(near: Sequence[Neighbour]) -> list[tuple[Neighbour, Card]]:
    return [(neighbour, unpack(neighbour.payload)) for neighbour in near]
