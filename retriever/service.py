"""The questions that the service answers, without HTTP: embed, search, explain. Blocking; thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from features.build import FeatureBuilder
from features.compact import NO_LIMITS
from features.errors import ProfileTooLarge, StoreError, UnknownUser
from features.identity import new_user_id
from features.listener import Listener, listener_of
from features.profile import TasteProfile, UserId
from features.user_features import UserFeatures
from indexer.payload import Card, unpack
from indexer.ports import IndexVersion, Neighbour
from indexer.terms import artist_numbers
from retriever.access.leave_codes import LeaveCodes
from retriever.answers import Recommendations, SimilarPeople
from retriever.answers_compatibility import Compatibility
from retriever.asking import Asking, as_indexed, nobody, of_features
from retriever.compatibility import compatibility
from retriever.eras import with_eras
from retriever.examples import ArtistVectors
from retriever.explain import Asker, Yardstick, discoveries
from retriever.leases import Leases, OneUnit
from retriever.members import MEND_UNKNOWN, Members
from retriever.nearest import (
    VARIED_AMONG,
    Bends,
    Found,
    Near,
    bends_of,
    bent,
    near_at_once,
    near_known,
    varied,
)
from retriever.opening import Unit
from retriever.options import ANYBODY, Options

FEWEST_VOTERS = 5
"""With fewer people to vote there are no discoveries: of one alone they would be that person's listening, in pieces."""


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


@dataclass(frozen=True)
class Tools:
    """What the answers are made with.

    Attributes:
        builder: makes features of a part of a profile.
        artists: makes vectors of artists.
        searching: a context in which a search is timed.
        codes: to leave with.
    """

    builder: FeatureBuilder
    artists: ArtistVectors
    searching: Callable[[], AbstractContextManager[None]]
    codes: LeaveCodes


class Service:
    """Answers questions about who listens alike."""

    def __init__(self, live: Leases, members: Members, tools: Tools, bounds: Bounds) -> None:
        self._live, self._members, self._tools, self._bounds = live, members, tools, bounds

    @contextmanager
    def steady(self) -> Iterator[tuple[Service, IndexVersion]]:
        """The same service on one version of the index, whatever is published meanwhile; and which one.

        IndexUnavailable should leave the block, or nobody learns that the index fails.
        """
        with self._live.lease() as unit:
            yield Service(OneUnit(unit, self._live.people), self._members, self._tools, self._bounds), unit.version

    def listener(self, profile: TasteProfile, *, otherwise: UserId | None = None) -> Listener:
        """A profile made ready to be encoded; one without an id gets ``otherwise``, or a new one.

        Raises:
            EmptyProfile, ProfileTooLarge: it cannot be used.
        """
        self.must_fit(profile.track_count)
        if profile.user_id is None:
            profile = profile.model_copy(update={"user_id": otherwise or new_user_id()})
        return listener_of(profile)

    def must_fit(self, tracks: int) -> None:
        """What one request brings is limited, in one profile or in many. Raises ProfileTooLarge."""
        if tracks > self._bounds.max_profile_tracks:
            raise ProfileTooLarge(
                f"There are {tracks:,} tracks; the limit is {self._bounds.max_profile_tracks:,}.",
                "Send the most played ones, or raise SOUNDALIKE_MAX_PROFILE_TRACKS on the server.",
            )

    def recommend(self, person: UserFeatures, options: Options) -> Recommendations:
        """The people nearest to somebody new; with ``remember`` they are part of the community when this returns.

        Somebody known of the same id is replaced. A question that cannot be answered takes nobody in.

        Raises:
            UnknownUser: somebody who is liked or unliked is nobody. TheirsAlready: who asks must not be replaced.
            TextModelError, StoreError, IndexUnavailable: a part of the service is not available.
        """
        with self._live.lease() as unit:
            bends = bends_of(options, unit, self._tools.artists)
            asking = self._asking(person, options, unit)
            if options.remember:
                self._members.join(person)
            answer = self._answer(asking, bends, options, unit, stored=options.remember)
            gets_code = options.remember and options.leave_code
            return replace(answer, leave_code=self._tools.codes.give(person.user_id)) if gets_code else answer

    def recommend_known(self, user_id: UserId | None, options: Options) -> Recommendations:
        """The same for somebody who is already part of the community, or, with None, for nobody in particular.

        In nobody's place stands what is liked, and the reasons are what people share with that. With the feature store
        down, the index tells enough of somebody, unless only part of their listening is to be used.

        Raises:
            UnknownUser: nobody who can be found has the id. StoreError: the feature store is needed. And what
                ``recommend`` raises.
            InvalidRequest: nobody asks, and nothing is liked, or the likes cancel each other.
        """
        person = None if user_id is None else self._kept(user_id, options)
        with self._live.lease() as unit:
            bends = bends_of(options, unit, self._tools.artists)
            asking = nobody(bends) if user_id is None else self._asking(person or user_id, options, unit)
            return self._answer(asking, bends, options, unit, stored=user_id is not None)

    def similar(self, asked: Near) -> SimilarPeople:
        """The people nearest to somebody in the index; reads no other store.

        Raises:
            UnknownUser: nobody has the id. UnknownCursor, StaleCursor: the cursor.
        """
        with self._live.lease() as unit:
            with self._tools.searching():
                found = self._found(asked, unit)
            recommendations = Asker(unpack(found.payload), self._yardstick(unit)).compare(_with_cards(found.near))
            version = unit.version
            return SimilarPeople(asked.user_id, version.model_version, version.name, recommendations, found.next_cursor)

    def compatibility(self, one: UserId, other: UserId) -> Compatibility:
        """How two people fit; everybody fits themselves. Raises UnknownUser."""
        with self._live.lease() as unit:
            people = unit.index.get([one, other])
            for user_id in (one, other):
                if user_id not in people:
                    raise UnknownUser(f"Nobody has the id {user_id!r}.", MEND_UNKNOWN)
            return compatibility(people[one], people[other], unit.version, self._yardstick(unit))

    @staticmethod
    def _found(asked: Near, unit: Unit) -> Found:
        if asked.cursor is None and asked.choice == ANYBODY:
            return near_at_once(asked.user_id, asked.limit, unit)
        return near_known(asked, unit)

    def _kept(self, user_id: UserId, options: Options) -> UserFeatures | None:
        """What is kept of somebody who can be found; None where the feature store is down and can be done without."""
        try:
            return self._members.findable(user_id)
        except StoreError:
            if options.limits != NO_LIMITS:
                raise
            return None

    def _asking(self, asker: UserFeatures | UserId, options: Options, unit: Unit) -> Asking:
        if isinstance(asker, UserFeatures):
            used = asker if options.limits == NO_LIMITS else self._tools.builder.limited(asker, options.limits)
            return of_features(used, asker, unit.embedder)
        point = unit.index.get([asker]).get(asker)
        if point is None:
            raise UnknownUser(f"Nobody has the id {asker!r}.", MEND_UNKNOWN)
        return as_indexed(point)

    def _answer(self, asking: Asking, bends: Bends, options: Options, unit: Unit, *, stored: bool) -> Recommendations:
        choice, voters = options.choice, self._bounds.neighbours_asked
        query = bent(asking.vector, bends, unit.version.width)
        left_out = [*choice.exclude, *options.like.users, *options.unlike.users, *filter(None, [asking.user_id])]
        most = max(VARIED_AMONG if choice.diversity else options.limit, voters)
        with self._tools.searching():
            near = unit.index.search(query, most, exclude=left_out, where=choice.where)
        named = varied(unit.index, near, options.limit, choice.diversity)
        known = asking.known.union(artist_numbers([*options.like.artists, *options.unlike.artists]))
        enough = near[:voters] if len(near) >= FEWEST_VOTERS else []
        shown = _with_cards(named)
        compared = Asker(asking.card, self._yardstick(unit)).compare(shown)
        return Recommendations(
            user_id=asking.user_id,
            model_version=unit.version.model_version,
            index=unit.version.name,
            coverage=asking.coverage,
            stored=stored,
            recommendations=with_eras(compared, asking.card, [card for _, card in shown]),
            discoveries=discoveries(_with_cards(enough), known, self._bounds.max_reasons),
        )

    def _yardstick(self, unit: Unit) -> Yardstick:
        return Yardstick(self._live.people, unit.version.similarity_quantiles, self._bounds.max_reasons)


def _with_cards(near: Sequence[Neighbour]) -> list[tuple[Neighbour, Card]]:
    return [(neighbour, unpack(neighbour.payload)) for neighbour in near]
