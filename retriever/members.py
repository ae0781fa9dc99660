"""Who is part of the community: joining, leaving, and what is kept of a person. Blocking; thread-safe.

A write is in the outbox before it is said to be done and in the index before it is answered; the courier takes it to
the feature store.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from features.errors import StoreError, UnknownUser
from features.identity import point_id
from features.outbox import Outbox
from features.ports import FeatureStore
from features.profile import UserId
from features.provenance import SPOTIFY_PUBLIC, is_of_spotify_api, may_be_replaced
from features.user_features import UserFeatures
from indexer.errors import IndexUnavailable
from indexer.follow import vectors_of
from retriever.errors import TheirsAlready
from retriever.given_up import raise_if_given_up
from retriever.live import Live

MEND_UNKNOWN = "Send a profile to POST /v1/recommendations, or upload an export to POST /v1/profiles."


class Members:
    """The community as both stores will have it once all is delivered."""

    def __init__(
        self,
        live: Live,
        outbox: Outbox,
        store: FeatureStore,
        on_forget: Callable[[UserId], None] = lambda _person: None,
        on_gone: Callable[[UserId], None] = lambda _person: None,
        on_join: Callable[[UserFeatures], None] = lambda _person: None,
    ) -> None:
        """The first two are told of deletions and may raise StoreError; all of them, while nobody else writes.

        ``on_forget``: before it is done and before it is acknowledged. ``on_gone``: when it is done, and also of those
        who are not known, since something may be kept of them elsewhere. ``on_join``: before somebody joins; raises
        what there is against it.
        """
        self._live, self._outbox, self._store = live, outbox, store
        self._on_forget, self._on_gone, self._on_join = on_forget, on_gone, on_join

    def join(self, person: UserFeatures) -> None:
        """Take a person in, or replace what was known of them; others find them when this returns.

        Raises:
            TheirsAlready: a public profile would replace what somebody brought themselves.
            IndexUnavailable: the person may be kept, and is found by others once the index is back.
            StoreError: the outbox cannot be written, so nothing was kept; or it cannot be told whom a public profile
                would replace.
            Overloaded: others have been writing for too long, or nobody waits for this any more.
            SpotifyLoginNeeded: they were read with a login that is over.
        """
        with self._live.writing():
            self._on_join(person)  # in here: who takes a login back either finds them, or is found to have done so
            with self._live.changing() as unit:
                vectors = vectors_of([person], unit.embedder)
                self._must_not_take_over(person)
                raise_if_given_up()
                self._outbox.put(person)
                unit.index.upsert(vectors)

    def forget(self, user_id: UserId) -> None:
        """Delete a person: out of answers when this returns, out of the stores with the next delivery.

        With the index down the deletion is kept, and done before the index answers again.

        Raises:
            UnknownUser: nobody has the id, as far as can be told.
            StoreError: the outbox cannot be written. Overloaded: others have been writing for too long.
        """
        with self._live.writing():
            if not self._may_be_known(user_id):
                self._on_gone(user_id)
                raise UnknownUser(f"Nobody has the id {user_id!r}.", "There was nothing to delete.")
            raise_if_given_up()
            self._on_forget(user_id)
            self._outbox.remove(user_id)
            with suppress(IndexUnavailable), self._live.changing() as unit:
                unit.index.delete([point_id(user_id)])
            self._on_forget(user_id)  # again: a question that began in between has still found them
            self._on_gone(user_id)

    def forget_spotify(self, user_id: UserId) -> bool:
        """Delete a person if all that is kept of them was read from Spotify's API; whether that was so.

        ``on_gone`` is told of them in any case, when it is done: it is their login that ends.

        Raises:
            StoreError: the stores cannot be read or written. Overloaded: others have been writing for too long.
        """
        with self._live.writing():
            try:
                is_deleted = is_of_spotify_api(self.known(user_id))
                if is_deleted:
                    self.forget(user_id)
            except UnknownUser:
                is_deleted = False
            if not is_deleted:
                self._on_gone(user_id)
            return is_deleted

    def findable(self, user_id: UserId) -> UserFeatures:
        """What is kept of a person who agreed to be found; all others are nobody. Raises UnknownUser, StoreError."""
        person = self.known(user_id)
        if not person.consent:
            raise UnknownUser(f"Nobody has the id {user_id!r}.", MEND_UNKNOWN)
        return person

    def known(self, user_id: UserId) -> UserFeatures:
        """What is kept of a person, whether they agreed to be found or not. Raises UnknownUser, StoreError."""
        waiting = self._outbox.get([user_id]).get(user_id)
        person = self._store.get([user_id]).get(user_id) if waiting is None else waiting.person
        if person is None:
            raise UnknownUser(f"Nobody has the id {user_id!r}.", MEND_UNKNOWN)
        return person

    def _must_not_take_over(self, person: UserFeatures) -> None:
        """Anybody can name a public profile: it replaces nothing that its owner brought. Raises TheirsAlready."""
        if person.source != SPOTIFY_PUBLIC:
            return
        with suppress(UnknownUser):
            if not may_be_replaced(self.known(person.user_id)):
                raise TheirsAlready

    def _may_be_known(self, user_id: UserId) -> bool:
        waiting = self._outbox.get([user_id]).get(user_id)
        if waiting is not None:
            return waiting.person is not None
        try:
            if self._store.get([user_id]):
                return True
            with self._live.lease() as unit:
                return bool(unit.index.get([user_id]))
        except (StoreError, IndexUnavailable):
            return True  # better a deletion of nobody than one that is refused
