"""A backfill against the stand-in of Spotify, with its real parts; time passes only when it waits."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from features import compose
from features.backfill.compose import How, opened
from features.backfill.outcomes import Outcome, Tally
from features.backfill.reading import Profiles, Reader, Waits
from features.compose import Features
from features.outbox import Outbox
from features.profile import UserId
from features.settings import FeatureSettings
from features.spotify.reading import ReadingLimits
from tests.builders import WordEncoder
from tests.fakes.spotify import FakeSpotify, a_track, a_world
from tests.fakes.spotify.builder import Builder
from tests.features.spotify.reading_world import Clock, spotify_of

START = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


def a_world_of(*people: str) -> Builder:
    world = a_world()
    for number, person in enumerate(people):
        world.with_user(person, display_name=person.title())
        world.with_playlist(person, "Sunday", tracks=[a_track("Nico"), a_track(f"Artist {number}")])
    return world


class Breaking:
    """Profiles of which the N-th is not read to its end, as somebody presses Ctrl-C."""

    def __init__(self, profiles: Profiles, at: int) -> None:
        self._profiles, self._left = profiles, at
        self.access = profiles.access

    def read(self, user_id, limits=None, on_step=lambda *_: None):
        self._left -= 1

        def step(what: str, done: int, total: int) -> None:
            if what == "artists" and self._left == 0:
                raise KeyboardInterrupt

        return self._profiles.read(user_id, limits, step)


@dataclass
class Silent:
    """Watches, and remembers."""

    passed_over: int = 0
    asked: int = 0

    def passed(self, count: int) -> None:
        self.passed_over += count

    def done(self) -> None:
        self.asked += 1


@dataclass
class World:
    """A home, and the stand-in whose profiles are read into it."""

    fake: FakeSpotify
    home: Path
    clock: Clock = field(default_factory=Clock)
    later: timedelta = timedelta()
    waited: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = FeatureSettings(_env_file=None, home=self.home)
        self.watch = Silent()

    def now(self) -> datetime:
        return START + self.later + timedelta(seconds=self.clock.now)

    def room(self) -> Features:
        return compose.build(self.settings, encoder=WordEncoder())

    def outbox(self) -> Outbox:
        return compose.outbox(self.settings)

    def run(self, found: Iterable[str], *, breaks_at: int | None = None, tally: Tally | None = None, **how) -> Tally:
        """A backfill in a process of its own."""
        tally, how = tally or Tally(), How(**how)
        with spotify_of(self.fake, self.home, self.clock) as spotify, closing(self.room().store):
            profiles = spotify.profiles if breaks_at is None else Breaking(spotify.profiles, breaks_at)
            waits = Waits(how.wait_at_most_s, self.waited.append, self.clock.sleep)
            reader = Reader(profiles, waits, ReadingLimits())
            reader.check_access()
            with opened(self.settings, self.room(), reader, how, tally, clock=self.now) as job:
                job.run(map(UserId, found), self.watch, limit=how.limit)
        return tally

    def kept(self) -> dict[str, bool]:
        """Who is in the store, and whether they agreed to be found."""
        with closing(self.room().store) as store:
            return {person.user_id: person.consent for batch in store.scan() for person in batch}

    def agreed_at(self) -> dict[str, datetime | None]:
        """Who is in the store, and when they agreed to be found."""
        with closing(self.room().store) as store:
            return {person.user_id: person.consented_at for batch in store.scan() for person in batch}

    def read_of(self, person: str) -> int:
        """How often somebody's profile was asked for."""
        return len([path for _, path in self.fake.requests if path == f"/v1/users/{person}"])


def counts(tally: Tally) -> dict[Outcome, int]:
    return {outcome: count for outcome, count in tally.of.items() if count}
