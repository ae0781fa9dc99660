"""What Spotify lets the app read is asked, never assumed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import SpotifyUnavailable
from features.spotify.access import ASKED_AGAIN_S, Access, KnownAccess
from tests.fakes.spotify import Answer, FakeSpotify, a_world, cut
from tests.fakes.spotify import answers as told
from tests.features.spotify.reading_world import Clock, spotify_of


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(a_world()) as fake:
        yield fake


@pytest.mark.parametrize(
    ("fault", "mode"),
    [
        (None, "extended"),
        (told.forbidden(), "dev"),
        (told.not_found(), "dev"),
        (told.error(410, "Gone"), "dev"),
        (told.premium_required(), "none"),
        (told.token_invalid(), "none"),
        (told.bad_request(), "none"),
    ],
)
def test_one_request_tells_the_mode(fake: FakeSpotify, tmp_path: Path, fault: Answer | None, mode: str):
    if fault is not None:
        fake.fail("GET /v1/users/spotify/playlists", fault, times=99)
    with spotify_of(fake, tmp_path) as spotify:
        access = spotify.access()
    assert access.mode == mode
    assert access.why.endswith(".")
    assert {path for _, path in fake.asked("GET")} == {"/v1/users/spotify/playlists?limit=1&offset=0"}


def test_development_mode_is_found_out(fake: FakeSpotify, tmp_path: Path):
    fake.mode = "dev"
    with spotify_of(fake, tmp_path) as spotify:
        assert spotify.access().mode == "dev"


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_without_credentials_there_is_none_and_nobody_is_asked(fake: FakeSpotify, tmp_path: Path, missing: str):
    with spotify_of(fake, tmp_path, **{missing: None}) as spotify:
        assert spotify.access().mode == "none"
    assert fake.requests == []


def test_credentials_that_are_refused_are_none(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path, client_secret="wrong") as spotify:
        assert spotify.access().mode == "none"
        assert "does not accept the app" in spotify.access().why
    assert fake.asked("GET") == []


@pytest.mark.parametrize("fault", [cut(), told.server_error(), told.rate_limited(900), told.quota_exceeded()])
def test_an_outage_says_nothing_and_it_is_asked_again(fake: FakeSpotify, tmp_path: Path, fault: Answer):
    clock = Clock()
    fake.fail("GET", fault, times=4)
    with spotify_of(fake, tmp_path, clock) as spotify:
        with pytest.raises(SpotifyUnavailable):
            spotify.access()
        fake.clear()
        clock.now += 3600
        assert spotify.access().mode == "extended"


def test_the_mode_is_remembered_for_an_hour_and_asked_again_when_in_doubt():
    clock, asked = Clock(), []

    def ask() -> Access:
        asked.append(clock.now)
        return Access("dev", "So it is.")

    known = KnownAccess(ask, clock=clock)
    for _ in range(3):
        known()
    assert len(asked) == 1
    clock.now += ASKED_AGAIN_S + 1
    known()
    known.doubt()
    known()
    assert len(asked) == 3
