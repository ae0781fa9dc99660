"""Profiles of a list are read from the stand-in into the store: each once, whatever interrupts it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from features.backfill.known import Sifted
from features.backfill.outcomes import Outcome, Tally
from features.backfill.run import FAILURES_IN_A_ROW
from features.errors import (
    SpotifyForbidden,
    SpotifyNotConfigured,
    SpotifyQuotaUsedUp,
    SpotifyRateLimited,
    SpotifySwitchedOff,
    SpotifyUnavailable,
)
from features.listening import Listening
from features.profile import UserId
from indexer.follow import findable
from tests.builders import NOW, a_playlist, a_profile, features_of
from tests.fakes.spotify import FakeSpotify, a_track
from tests.fakes.spotify import answers as told
from tests.features.backfill.backfill_world import World, a_world_of, counts

PEOPLE = ("ann", "bob", "cat", "dan", "eve", "fay")
ANN = UserId("ann")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with FakeSpotify(a_world_of(*PEOPLE)) as fake:
        yield World(fake, tmp_path / "home")
        assert fake.unhandled == []


def test_everybody_is_read_once_however_often_they_are_listed(world: World):
    tally = world.run([*PEOPLE, "ann", *PEOPLE])
    assert counts(tally) == {Outcome.ADDED: 6}
    assert tally.read == 6
    assert world.kept() == dict.fromkeys(PEOPLE, False)
    assert [world.read_of(person) for person in PEOPLE] == [1] * 6
    assert world.watch.asked == 6


def test_who_is_listed_again_far_below_is_read_once_too(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("features.backfill.run._SIFTED_AT_ONCE", 1)
    assert counts(world.run(["ann", "bob", "ann"])) == {Outcome.ADDED: 2}
    assert world.read_of("ann") == 1


def test_nobody_is_found_by_others_without_their_consent(world: World):
    world.run(["ann"])
    world.run(["bob"], consent=True)
    with closing(world.room().store) as store:
        assert [person.user_id for person in findable(next(store.scan()))] == ["bob"]


def test_who_was_read_lately_is_passed_over_and_who_was_not_is_read_again(world: World):
    world.run(PEOPLE)
    world.fake.clear()
    assert counts(world.run(PEOPLE)) == {Outcome.FRESH: 6}
    assert world.fake.asked("GET /v1/users/ann") == []
    assert counts(world.run(["ANN"])) == {Outcome.FRESH: 1}

    world.later = timedelta(days=10)
    world.fake.world.with_playlist("ann", "Monday", tracks=[a_track("Can")])
    assert counts(world.run(["ann", "bob"], fresher_than=timedelta(days=9))) == {Outcome.UPDATED: 2}


def test_who_was_read_and_has_not_changed_is_fresh_too(world: World):
    world.run(["ann"])
    world.later = timedelta(days=10)
    assert counts(world.run(["ann"], fresher_than=timedelta(days=9))) == {Outcome.UPDATED: 1}  # lives longer now
    assert counts(world.run(["ann"], fresher_than=timedelta(days=9))) == {Outcome.FRESH: 1}


@pytest.mark.parametrize("listed", ["ann", "ANN"])
def test_who_was_deleted_since_the_last_run_is_not_read_again(world: World, listed: str):
    world.run(["ann", "bob"], consent=True)
    with closing(world.room().store) as store:
        store.delete([ANN])
    world.fake.clear()

    assert counts(world.run([listed, "bob"], consent=True)) == {Outcome.LEFT: 1, Outcome.FRESH: 1}

    assert world.kept() == {"bob": True}
    assert world.fake.asked("GET /v1/users/ann") == []


def test_who_was_deleted_and_came_back_is_read_again_as_others_are(world: World):
    (again,) = features_of(a_profile("ann", a_playlist("p", "Air"), source="spotify-api"))
    with closing(world.room().store) as store:
        store.delete([ANN])
        store.upsert([again])
    world.later = timedelta(days=999)
    assert counts(world.run(["ann"], fresher_than=timedelta())) == {Outcome.UPDATED: 1}


def test_zero_days_reads_everybody(world: World):
    world.run(["ann"])
    assert counts(world.run(["ann"], fresher_than=timedelta())) == {Outcome.UNCHANGED: 1}


@pytest.mark.parametrize("breaks_at", [1, 3, 6])
def test_an_interruption_keeps_what_was_read_and_the_next_run_goes_on(world: World, breaks_at: int):
    tally = Tally()
    with pytest.raises(KeyboardInterrupt):
        world.run(PEOPLE, breaks_at=breaks_at, tally=tally)
    assert tally.of[Outcome.ADDED] == breaks_at - 1
    assert list(world.kept()) == list(PEOPLE[: breaks_at - 1])
    before = len(world.fake.asked("GET /v1/playlists"))

    tally = world.run(PEOPLE)

    assert counts(tally) == {Outcome.ADDED: 7 - breaks_at} | ({Outcome.FRESH: breaks_at - 1} if breaks_at > 1 else {})
    assert sorted(world.kept()) == list(PEOPLE)
    assert [world.read_of(person) for person in PEOPLE if person != PEOPLE[breaks_at - 1]] == [1] * 5
    # The playlist of the one that was interrupted was kept as well.
    assert before == breaks_at
    assert len(world.fake.asked("GET /v1/playlists")) == 6


def test_a_limit_reads_some_and_the_next_run_goes_on(world: World):
    assert counts(world.run(PEOPLE, limit=2)) == {Outcome.ADDED: 2}
    assert counts(world.run(PEOPLE, limit=3)) == {Outcome.FRESH: 2, Outcome.ADDED: 3}
    assert list(world.kept()) == list(PEOPLE[:5])


def test_who_is_unknown_or_shows_nothing_is_not_asked_about_for_a_week(world: World):
    world.fake.world.with_user("gus")
    listed = ["nobody", "gus", "ann"]
    endings = {Outcome.UNKNOWN: 1, Outcome.NOTHING_PUBLIC: 1}
    assert counts(world.run(listed)) == endings | {Outcome.ADDED: 1}
    world.fake.clear()

    world.later = timedelta(days=6)
    assert counts(world.run(listed)) == endings | {Outcome.FRESH: 1}
    assert world.fake.asked("GET /v1/users/nobody") == world.fake.asked("GET /v1/users/gus") == []

    world.later = timedelta(days=8)
    world.fake.world.with_playlist("gus", "new", tracks=[a_track("Can")])
    assert counts(world.run(listed)) == {Outcome.UNKNOWN: 1, Outcome.ADDED: 1, Outcome.FRESH: 1}
    names = (world.home / "spotify" / "backfill.db").read_bytes()
    assert b"nobody" not in names
    assert b"gus" not in names


def test_a_rate_limit_that_is_short_enough_is_waited_for_with_a_countdown(world: World):
    world.fake.fail("GET /v1/users/cat", told.rate_limited(90))
    assert counts(world.run(PEOPLE)) == {Outcome.ADDED: 6}
    assert world.waited == list(range(90, 0, -1))


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (told.rate_limited(901), SpotifyRateLimited),
        (told.quota_exceeded(), SpotifyQuotaUsedUp),
        (told.quota_exceeded(1), SpotifyQuotaUsedUp),
    ],
)
def test_a_longer_rate_limit_and_a_quota_stop_it_with_all_that_was_read_kept(world: World, refusal, kind):
    world.fake.fail("GET /v1/users/cat", refusal, times=99)
    tally = Tally()
    with pytest.raises(kind):
        world.run(PEOPLE, tally=tally)
    assert counts(tally) == {Outcome.ADDED: 2}
    assert list(world.kept()) == ["ann", "bob"]
    assert world.waited == []
    assert world.read_of("dan") == 0


def test_rate_limits_that_come_again_and_again_are_not_waited_for_without_end(world: World):
    world.fake.fail("GET /v1/users/ann", told.rate_limited(60), times=99)
    with pytest.raises(SpotifyRateLimited):
        world.run(PEOPLE, wait_at_most_s=200)
    assert len(world.waited) == 180


def test_a_profile_that_spotify_fails_at_is_tried_again_at_the_end(world: World):
    world.fake.fail("GET /v1/users/bob", told.server_error(), times=4)  # each try asks four times
    assert counts(world.run(PEOPLE)) == {Outcome.ADDED: 6}
    asked = [path for _, path in world.fake.requests if path.startswith("/v1/users/") and "?" not in path]
    assert asked[-1] == "/v1/users/bob"


def test_one_that_fails_twice_is_counted_and_tried_by_the_next_run(world: World):
    world.fake.fail("GET /v1/users/bob", told.server_error(), times=99)
    assert counts(world.run(PEOPLE)) == {Outcome.ADDED: 5, Outcome.FAILED: 1}
    world.fake.clear()
    assert counts(world.run(PEOPLE)) == {Outcome.FRESH: 5, Outcome.ADDED: 1}


def test_where_spotify_is_down_the_rest_is_not_asked_about(world: World):
    people = ["ann", *(f"x{number}" for number in range(20))]
    world.fake.fail("GET /v1/users/x", told.bad_gateway(), times=999)
    tally = Tally()
    with pytest.raises(SpotifyUnavailable):
        world.run(people, tally=tally)
    assert counts(tally) == {Outcome.ADDED: 1, Outcome.FAILED: FAILURES_IN_A_ROW}
    assert world.read_of("x5") == 0


def test_development_mode_is_told_before_anything_is_read(world: World):
    world.fake.mode = "dev"
    with pytest.raises(SpotifyForbidden, match="development mode") as refused:
        world.run(PEOPLE)
    assert "features import" in refused.value.mend
    assert {path for _, path in world.fake.asked("GET")} == {"/v1/users/spotify/playlists?limit=1&offset=0"}


def test_an_app_that_is_switched_off_reads_nobody(world: World):
    world.fake.fail("GET", told.premium_required(), times=99)
    with pytest.raises(SpotifyNotConfigured, match="Premium"):
        world.run(PEOPLE)


@pytest.mark.parametrize(
    ("refusal", "kind"), [(told.forbidden(), SpotifyForbidden), (told.premium_required(), SpotifySwitchedOff)]
)
def test_what_is_taken_away_from_the_app_meanwhile_stops_it(world: World, refusal, kind):
    world.fake.fail("GET /v1/users/", refusal, times=99, after=5)  # the mode, and two requests for each of two people
    tally = Tally()
    with pytest.raises(kind):
        world.run(PEOPLE, tally=tally)
    assert counts(tally) == {Outcome.ADDED: 2}
    assert world.read_of("dan") == 0


def test_one_profile_that_is_refused_does_not_keep_others_from_being_read(world: World):
    world.fake.fail("GET /v1/users/bob", told.forbidden(), times=99)
    assert counts(world.run(PEOPLE)) == {Outcome.ADDED: 5, Outcome.REFUSED: 1}


def test_who_brought_something_themselves_stays_as_they_are(world: World):
    with closing(world.room().store) as store:
        store.upsert(features_of(a_profile("ann", a_playlist("p", "Mine"), source="spotify-login")))
    assert counts(world.run(["ann", "bob"])) == {Outcome.ELSEWHERE: 1, Outcome.ADDED: 1}
    with closing(world.room().store) as store:
        assert list(store.get([ANN])[ANN].listening.artists) == ["Mine"]


def test_who_agreed_before_stays_found_when_they_are_read_again(world: World):
    world.run(["ann"], consent=True)
    agreed = world.now()
    world.fake.world.with_playlist("ann", "Monday", tracks=[a_track("Can")])
    world.later = timedelta(days=1)
    assert counts(world.run(["ann"], consent=True, fresher_than=timedelta())) == {Outcome.UPDATED: 1}
    assert world.agreed_at() == {"ann": agreed}


def test_of_whom_an_earlier_program_kept_the_vectors_alone_is_read_however_fresh(world: World):
    (before,) = features_of(a_profile("ann", a_playlist("p", "Air"), source="feature-group-2"))
    with closing(world.room().store) as store:
        store.upsert([replace(before, listening=Listening(()), updated_at=world.now(), consented_at=NOW)])
    assert counts(world.run(["ann"])) == {Outcome.UPDATED: 1}
    assert world.agreed_at() == {"ann": NOW}
    with closing(world.room().store) as store:
        assert store.get([ANN])[ANN].listening.artists


def test_a_consent_that_comes_later_takes_no_second_reading(world: World):
    world.run(["ann", "bob"])
    world.fake.clear()
    world.later = timedelta(days=1)
    tally = world.run(["ann", "bob"], consent=True)
    assert counts(tally) == {Outcome.FRESH: 2, Outcome.AGREED: 2}
    assert world.agreed_at() == {"ann": world.now(), "bob": world.now()}
    assert world.fake.asked("GET /v1/users/ann") == []
    assert counts(world.run(["ann", "bob"], consent=True)) == {Outcome.FRESH: 2}


def meddled(world: World, happens) -> Tally:
    """A backfill of Ann and Bob, with something that happens after Ann was read and before she is written."""
    world.fake.fail("GET /v1/users/bob", told.rate_limited(30))

    class AsTold(list):
        def append(self, left: int) -> None:
            if left == 30:
                happens()

    world.waited = AsTold()
    return world.run(["ann", "bob"])


def test_who_is_deleted_while_others_are_read_does_not_come_back(world: World):
    def happens() -> None:
        with closing(world.room().store) as store:
            store.delete([ANN])

    world.later = timedelta(days=-9999)  # so that the store's stamp is after the beginning
    assert counts(meddled(world, happens)) == {Outcome.ADDED: 1, Outcome.LEFT: 1}
    assert list(world.kept()) == ["bob"]


def test_who_was_deleted_before_their_reading_began_and_after_they_were_looked_up_does_not_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("features.backfill.known.Known.sift", lambda _self, some: Sifted(to_read=list(some)))
    with closing(world.room().store) as store:
        store.delete([ANN])
    world.later = timedelta(days=999)
    assert counts(world.run(["ann", "bob"])) == {Outcome.ADDED: 1, Outcome.LEFT: 1}


def test_a_deletion_that_waits_in_the_outbox_wins(world: World):
    def happens() -> None:
        with closing(world.outbox()) as outbox:
            outbox.remove(ANN)

    meddled(world, happens)
    assert list(world.kept()) == ["bob"]


def test_a_login_meanwhile_wins(world: World):
    (mine,) = features_of(a_profile("ann", a_playlist("p", "Mine"), source="spotify-login"))

    def happens() -> None:
        with closing(world.room().store) as store:
            store.upsert([mine])

    meddled(world, happens)
    with closing(world.room().store) as store:
        assert store.get([ANN])[ANN].source == "spotify-login"


def test_what_waits_in_the_outbox_is_delivered_first(world: World):
    (older,) = features_of(a_profile("ann", a_playlist("p", "Older"), source="spotify-api"))
    with closing(world.outbox()) as outbox:
        outbox.put(replace(older, updated_at=world.now()))
    assert counts(world.run(["ann"])) == {Outcome.FRESH: 1}
    with closing(world.outbox()) as outbox:
        assert outbox.depth().waiting == 0


def test_a_batch_is_written_a_minute_after_it_was_begun(world: World):
    seen: list[int] = []
    world.fake.fail("GET /v1/users/bob", told.rate_limited(61))
    world.fake.fail("GET /v1/users/cat", told.rate_limited(70))

    class Looking(list):
        def append(self, left: int) -> None:
            if left in (61, 70):
                seen.append(len(world.kept()))

    world.waited = Looking()
    world.run(PEOPLE)
    assert seen == [0, 2, 2]  # while Bob is waited for, and twice while Cat is
