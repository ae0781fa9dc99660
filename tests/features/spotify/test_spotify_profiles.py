"""A public profile is read: what comes out of it, in how many requests, and what is done where it cannot be."""

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import (
    EmptyProfile,
    ProfileTooLarge,
    SpotifyForbidden,
    SpotifyNotConfigured,
    SpotifyNotFound,
    SpotifyRateLimited,
    SpotifyUnavailable,
)
from features.profile import TasteProfile, UserId
from features.spotify.reading import ReadingLimits
from tests.fakes.spotify import (
    ODD,
    FakeSpotify,
    a_removed_track,
    a_track,
    a_world,
    an_episode,
    an_odd_world,
    many_tracks,
)
from tests.fakes.spotify import answers as told
from tests.features.spotify.reading_world import Clock, artists, names, spotify_of

ANN = UserId("ann")


@pytest.fixture
def odd() -> Iterator[FakeSpotify]:
    with FakeSpotify(an_odd_world()) as fake:
        yield fake


def a_listener(playlists: int, tracks: int = 100, artists: int = 800):
    world = a_world().with_user("ann", display_name="Ann &amp; Co")
    songs = many_tracks(playlists * tracks, artists)
    for number in range(playlists):
        world.with_playlist("ann", f"mix {number}", tracks=songs[number * tracks : (number + 1) * tracks])
    return world


def test_a_public_profile_becomes_a_taste_profile(tmp_path: Path):
    world = (
        a_world()
        .with_user("ann", display_name="Ann")
        .with_playlist("ann", "Sunday", tracks=[a_track("Nico", "These Days", year="1967-10", genres=["art pop"])])
    )
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify:
        profile = spotify.profiles.read(ANN)
    assert profile == TasteProfile.model_validate(
        {
            "user_id": "ann",
            "display_name": "Ann",
            "profile_url": "https://open.spotify.com/user/ann",
            "source": "spotify-api",
            "playlists": [
                {
                    "name": "Sunday",
                    "tracks": [{"artist": "Nico", "title": "These Days", "genres": ["art pop"], "release_year": 1967}],
                }
            ],
        }
    )


def test_everything_odd_that_spotify_was_seen_to_answer_is_read(odd: FakeSpotify, tmp_path: Path):
    with spotify_of(odd, tmp_path) as spotify:
        profile = spotify.profiles.read(UserId(ODD))
    assert (profile.user_id, profile.display_name) == (ODD, None)
    assert profile.profile_url == "https://open.spotify.com/user/o.d%2Bd_%23%C3%A9"
    assert names(profile) == [
        *("removed", "local", "episodes", "years", "remastered", "twice", "letters", "genres", "long", "no total"),
        *("no images", "no description", "no owner", "neither public nor private", "", "", "ק'&\u200f🎧"),
        "of a friend",
    ]
    assert artists(profile, "removed") == ["Nico"]
    assert artists(profile, "local") == ["Halsey", "Nico"]
    assert artists(profile, "episodes") == ["Nico"]
    assert artists(profile, "letters") == ["שלום חנוך", "Simon & Garfunkel", "Sigur Rós", "坂本龍一", "👻"]
    assert artists(profile, "long") == [f"Artist {number % 40}" for number in range(120)]
    years = next(each for each in profile.playlists if each.name == "years")
    assert [track.release_year for track in years.tracks] == [1971, 1981, 1981, None, None, 2016, None]
    genres = next(each for each in profile.playlists if each.name == "genres")
    assert [track.genres for track in genres.tracks] == [(), (), (), ("vocal jazz", "soul")]
    assert "Secret" not in profile.model_dump_json()
    assert odd.unhandled == []


def test_a_whole_profile_takes_no_more_requests_than_there_are_pages(tmp_path: Path):
    with FakeSpotify(a_listener(20)) as fake, spotify_of(fake, tmp_path) as spotify:
        assert spotify.profiles.access().mode == "extended"
        fake.clear()
        fake.latency_s = 0.05  # long enough for those asked together to be under way together
        profile = spotify.profiles.read(ANN)
        assert profile.track_count == 2000
        assert len({track.artist for playlist in profile.playlists for track in playlist.tracks}) == 800
        assert len(fake.requests) <= 1 + 1 + 40 + 16
        assert 1 < fake.most_at_once <= 6
        fake.clear()
        assert spotify.profiles.read(ANN) == profile
        assert fake.asked("GET /v1/artists") == []


def test_the_token_is_asked_for_once(tmp_path: Path):
    with FakeSpotify(a_listener(5)) as fake, spotify_of(fake, tmp_path) as spotify:
        spotify.profiles.read(ANN)
        assert len(fake.asked("POST /api/token")) == 1


def test_the_first_playlists_that_hold_tracks_are_read_and_no_others(tmp_path: Path):
    world = (
        a_world()
        .with_user("ann")
        .with_playlist("ann", "empty")
        .with_playlist("ann", "podcasts", tracks=[an_episode(), a_removed_track()])
        .with_null_playlists("ann")
        .with_playlist("ann", "one", tracks=[a_track("Nico")])
        .with_playlist("ann", "two", tracks=[a_track("Can")])
        .with_playlist("ann", "three", tracks=[a_track("Neu!")])
    )
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify:
        profile = spotify.profiles.read(ANN, ReadingLimits(playlists=2))
        assert names(profile) == ["one", "two"]
        assert len(fake.asked("GET /v1/playlists")) == 3


@pytest.mark.parametrize("playlists", [0, 21, -1])
def test_from_one_to_twenty_playlists_can_be_asked_for(playlists: int):
    with pytest.raises(ValueError, match="from 1 to 20"):
        ReadingLimits(playlists=playlists)


def test_a_long_list_of_playlists_is_read_to_its_end(tmp_path: Path):
    world = a_world().with_user("ann")
    for number in range(120):
        world.with_playlist("ann", f"mix {number}", tracks=[a_track(f"Artist {number}")])
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify:
        assert names(spotify.profiles.read(ANN)) == [f"mix {number}" for number in range(120)]
        assert len(fake.asked("GET /v1/users/ann/playlists")) == 3


def test_pages_that_lead_elsewhere_are_not_followed(tmp_path: Path):
    with FakeSpotify(a_world()) as elsewhere, FakeSpotify(a_listener(2)) as fake, spotify_of(fake, tmp_path) as spotify:
        fake.page_url = elsewhere.api_url
        assert spotify.profiles.read(ANN).track_count == 200
        assert elsewhere.requests == []


def test_a_playlist_that_cannot_be_read_is_left_out(tmp_path: Path):
    world = a_listener(3, 60)
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify:
        fake.fail(f"GET /v1/playlists/{world.playlist_id('ann', 'mix 1')}", told.not_found(), times=99)
        assert names(spotify.profiles.read(ANN)) == ["mix 0", "mix 2"]
        fake.fail("GET /v1/playlists", told.forbidden(), times=99)
        with pytest.raises(SpotifyForbidden):
            spotify.profiles.read(ANN)


def test_genres_that_are_not_told_do_not_keep_anybody_from_a_profile(tmp_path: Path):
    with FakeSpotify(a_listener(1)) as fake, spotify_of(fake, tmp_path) as spotify:
        fake.fail("GET /v1/artists", told.forbidden(), times=99)
        assert spotify.profiles.read(ANN).track_count == 100
        fake.clear()
        assert any(track.genres for playlist in spotify.profiles.read(ANN).playlists for track in playlist.tracks)


def test_nobody_of_that_id_and_nothing_to_see_are_two_things(tmp_path: Path):
    world = a_world().with_user("ann").with_playlist("ann", "hidden", tracks=[a_track("Nico")], public=False)
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify:
        with pytest.raises(SpotifyNotFound, match="no profile"):
            spotify.profiles.read(UserId("nobody"))
        with pytest.raises(EmptyProfile, match="no public playlist") as empty:
            spotify.profiles.read(ANN)
        assert "upload" in empty.value.mend


def test_a_profile_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path):
    with FakeSpotify(a_listener(3)) as fake, spotify_of(fake, tmp_path) as spotify:
        with pytest.raises(ProfileTooLarge):
            spotify.profiles.read(ANN, ReadingLimits(max_tracks=250))
        assert fake.asked("GET /v1/playlists") == []
        assert spotify.profiles.read(ANN, ReadingLimits(playlists=2, max_tracks=250)).track_count == 200


def test_lengths_that_are_not_told_do_not_let_a_profile_grow_too_large(tmp_path: Path):
    world = a_world().with_user("ann").with_playlist("ann", "?", tracks=many_tracks(300), tells_total=False)
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify, pytest.raises(ProfileTooLarge):
        spotify.profiles.read(ANN, ReadingLimits(max_tracks=100))


def test_development_mode_reads_no_public_profile_and_says_what_works(tmp_path: Path):
    with FakeSpotify(a_listener(2), mode="dev") as fake, spotify_of(fake, tmp_path) as spotify:
        assert spotify.profiles.access().mode == "dev"
        with pytest.raises(SpotifyForbidden, match="development mode") as refused:
            spotify.profiles.read(ANN)
        assert all(way in refused.value.mend for way in ("log in", "data export", "Exportify"))
        assert fake.asked("GET /v1/users/ann") == []
        assert fake.unhandled == []


def test_an_app_that_is_taken_back_to_development_mode_is_found_out(tmp_path: Path):
    with FakeSpotify(a_listener(2)) as fake, spotify_of(fake, tmp_path) as spotify:
        spotify.profiles.read(ANN)
        fake.mode = "dev"
        with pytest.raises(SpotifyForbidden):
            spotify.profiles.read(ANN)
        assert spotify.profiles.access().mode == "dev"


def test_without_an_app_nothing_is_asked(tmp_path: Path):
    with FakeSpotify(a_listener(2)) as fake, spotify_of(fake, tmp_path, client_id=None) as spotify:
        assert spotify.profiles.access().mode == "none"
        with pytest.raises(SpotifyNotConfigured):
            spotify.profiles.read(ANN)
        assert fake.requests == []


def test_a_reading_that_stops_at_a_rate_limit_goes_on_where_it_stopped(tmp_path: Path):
    clock = Clock()
    with FakeSpotify(a_listener(20)) as fake:
        with spotify_of(fake, tmp_path, clock) as spotify:
            fake.fail("GET /v1/playlists", told.rate_limited(600), times=9, after=25)
            with pytest.raises(SpotifyRateLimited) as stopped:
                spotify.profiles.read(ANN)
            assert stopped.value.retry_after_s == 600
            assert clock.slept == []
            asked = len(fake.requests)
            with pytest.raises(SpotifyRateLimited):
                spotify.profiles.read(ANN)
            assert len(fake.requests) == asked
        fake.clear()
        with spotify_of(fake, tmp_path) as spotify:  # another process, later
            assert spotify.profiles.read(ANN).track_count == 2000
            assert len(fake.asked("GET /v1/playlists")) <= 40 - 2 * 10
            assert _kept(tmp_path) == 0


def test_a_playlist_that_has_changed_meanwhile_is_read_again(tmp_path: Path):
    world, clock = a_listener(2, 10), Clock()
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path, clock) as spotify:
        fake.fail("GET /v1/artists", told.quota_exceeded())
        with pytest.raises(SpotifyRateLimited):
            spotify.profiles.read(ANN)
        assert _kept(tmp_path) == 2
        with sqlite3.connect(tmp_path / "spotify" / "readings.db") as readings:
            readings.execute(
                "UPDATE playlists SET snapshot_id = 'old' WHERE playlist_id = (SELECT min(playlist_id) FROM playlists)"
            )
        readings.close()
        fake.clear()
        clock.now += 3600
        spotify.profiles.read(ANN)
        assert len(fake.asked("GET /v1/playlists")) == 1


def test_a_short_rate_limit_only_slows_a_reading_down(tmp_path: Path):
    clock = Clock()
    with FakeSpotify(a_listener(4)) as fake, spotify_of(fake, tmp_path, clock) as spotify:
        fake.fail("GET /v1/playlists", told.rate_limited(2), times=1)
        assert spotify.profiles.read(ANN).track_count == 400
        assert 2 <= sum(clock.slept) <= 20


def test_who_is_forgotten_leaves_no_byte_of_an_unfinished_reading(tmp_path: Path):
    world = a_world().with_user("ann").with_playlist("ann", "Sunday", tracks=[a_track("Zwolftonfreund", "Leise")])
    with FakeSpotify(world) as fake, spotify_of(fake, tmp_path) as spotify:
        fake.fail("GET /v1/artists", told.quota_exceeded(), times=2)
        with pytest.raises(SpotifyRateLimited):
            spotify.profiles.read(ANN)
        assert b"Zwolftonfreund" in _bytes(tmp_path)
        spotify.profiles.forget(ANN)
        assert b"Zwolftonfreund" not in _bytes(tmp_path)


def test_progress_is_told_step_by_step_and_can_end_the_reading(tmp_path: Path):
    steps: list[tuple[str, int, int]] = []
    with FakeSpotify(a_listener(3, 60)) as fake, spotify_of(fake, tmp_path) as spotify:
        spotify.profiles.read(ANN, on_step=lambda *step: steps.append(step))
        assert [step for step in steps if step[0] == "profile"] == [("profile", 0, 1), ("profile", 1, 1)]
        assert [step for step in steps if step[0] == "playlists"] == [("playlists", done, 3) for done in range(4)]
        assert steps[-1] == ("artists", 180, 180)

        def enough(step: str, done: int, _total: int) -> None:
            if (step, done) == ("playlists", 1):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            spotify.profiles.read(ANN, on_step=enough)
        fake.clear()
        spotify.profiles.read(ANN)
        assert len(fake.asked("GET /v1/playlists")) < 6


def test_an_outage_is_told_and_nobody_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with FakeSpotify(a_listener(1)) as fake, spotify_of(fake, tmp_path) as spotify:
        spotify.profiles.access()
        fake.fail("GET /v1/users/ann", told.bad_gateway(), times=99)
        with pytest.raises(SpotifyUnavailable) as raised:
            spotify.profiles.read(ANN)
    assert "users/ann" not in f"{raised.value}{caplog.text}"


def _kept(home: Path) -> int:
    with sqlite3.connect(home / "spotify" / "readings.db") as readings:
        count: int = readings.execute("SELECT count(*) FROM playlists").fetchone()[0]
    readings.close()
    return count


def _bytes(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (home / "spotify").glob("readings.db*"))
