"""The library of somebody who logged in, in both access modes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from features.errors import (
    EmptyProfile,
    ProfileTooLarge,
    SpotifyForbidden,
    SpotifyLoginNeeded,
    SpotifyRateLimited,
    SpotifyUnavailable,
)
from features.profile import UserId
from features.spotify.reading import ReadingLimits
from tests.fakes.spotify import FakeSpotify, a_local_file, a_track, a_world, an_artist, an_episode, many_tracks
from tests.fakes.spotify import answers as told
from tests.features.spotify.reading_world import Clock, artists, names, spotify_of


def a_library():
    return (
        a_world()
        .with_user("ann", display_name="Ann")
        .with_user("bob")
        .with_playlist("ann", "mine", tracks=[a_track("Nico", year="1967", genres=["art pop"])], public=False)
        .with_playlist("bob", "theirs", tracks=[a_track("Can")])
        .following("ann", "bob", "theirs")
        .with_playlist("bob", "ours", tracks=[a_track("Neu!")], public=False, collaborators=["ann"])
        .following("ann", "bob", "ours")
        .with_null_playlists("ann")
        .with_saved_tracks("ann", [a_local_file("Halsey"), *many_tracks(60), an_episode()])
        .with_top_artists("ann", [an_artist("Nico", ["art pop"]), *(f"Top {number}" for number in range(30))])
        .with_top_artists("ann", ["Can"], "short_term")
        .with_followed_artists("ann", [f"Followed {number}" for number in range(70)])
    )


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(a_library()) as fake:
        yield fake


def of(fake: FakeSpotify, person: str = "ann", **more: str) -> Callable[[str | None], str]:
    token = fake.token(person, **more)
    return lambda _refused: token


FAVOURITES = ["Top artists of the last weeks", "Top artists of the last months", "Followed artists"]


def test_a_whole_library_becomes_a_taste_profile(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path) as spotify:
        read = spotify.library.read(of(fake))
    profile = read.profile
    assert (profile.user_id, profile.display_name, profile.source) == ("ann", "Ann", "spotify-login")
    assert profile.profile_url == "https://open.spotify.com/user/ann"
    assert names(profile) == ["mine", "theirs", "ours", "Liked Songs", *FAVOURITES]
    assert artists(profile, "Liked Songs") == ["Halsey", *(f"Artist {number % 40}" for number in range(60))]
    assert artists(profile, "Followed artists") == [f"Followed {number}" for number in range(70)]
    assert profile.playlists[0].tracks[0].genres == ("art pop",)


def test_artists_played_most_weigh_most(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path) as spotify:
        profile = spotify.library.read(of(fake)).profile
    tops = next(each for each in profile.playlists if each.name == FAVOURITES[1])
    assert [track.plays for track in tops.tracks] == [5] * 10 + [4] * 10 + [3] * 10 + [2]
    assert tops.tracks[0].genres == ("art pop",)


def test_in_development_mode_other_peoples_playlists_stay_out_and_no_artist_is_asked_for(tmp_path: Path):
    with FakeSpotify(a_library(), mode="dev") as fake, spotify_of(fake, tmp_path) as spotify:
        read = spotify.library.read(of(fake))
        assert names(read.profile) == ["mine", "ours", "Liked Songs", *FAVOURITES]
        assert read.account_id
        assert fake.asked("GET /v1/artists") == []
        assert fake.unhandled == []


def test_a_library_of_other_peoples_playlists_alone_is_what_else_there_is(tmp_path: Path):
    world = (
        a_world()
        .with_user("ann")
        .with_user("bob")
        .with_playlist("bob", "theirs", tracks=[a_track("Can")])
        .following("ann", "bob", "theirs")
        .with_saved_tracks("ann", [a_track("Nico")])
    )
    with FakeSpotify(world, mode="dev") as fake, spotify_of(fake, tmp_path) as spotify:
        assert names(spotify.library.read(of(fake)).profile) == ["Liked Songs"]


def test_what_was_not_agreed_to_is_left_out(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path) as spotify:
        profile = spotify.library.read(of(fake, scopes="user-library-read")).profile
    assert "Liked Songs" in names(profile)
    assert not set(FAVOURITES) & set(names(profile))
    assert "mine" not in names(profile)


def test_without_a_client_secret_a_library_is_read_all_the_same(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path, client_secret=None) as spotify:
        assert "mine" in names(spotify.library.read(of(fake)).profile)
    assert fake.asked("GET /v1/artists") == []


def test_who_may_not_use_the_app_is_told_so(fake: FakeSpotify, tmp_path: Path):
    fake.mode = "dev"
    fake.allow("bob")
    with spotify_of(fake, tmp_path) as spotify, pytest.raises(SpotifyForbidden, match="not on it"):
        spotify.library.read(of(fake))


def test_a_login_that_is_over_is_needed_again(fake: FakeSpotify, tmp_path: Path):
    token = of(fake)
    fake.expire_tokens()
    with spotify_of(fake, tmp_path) as spotify, pytest.raises(SpotifyLoginNeeded):
        spotify.library.read(token)


def test_who_gives_the_token_is_told_of_one_that_was_refused(fake: FakeSpotify, tmp_path: Path):
    fresh = fake.token("ann")
    told = []

    def token(refused: str | None) -> str:
        told.append(refused)
        return fresh if refused == "stale" else "stale"

    with spotify_of(fake, tmp_path) as spotify:
        assert spotify.library.read(token).profile.user_id == "ann"
    assert set(told) == {None, "stale"}


def test_an_empty_library_is_told(tmp_path: Path):
    with (
        FakeSpotify(a_world().with_user("ann")) as fake,
        spotify_of(fake, tmp_path) as spotify,
        pytest.raises(EmptyProfile),
    ):
        spotify.library.read(of(fake))


def test_liked_songs_count_towards_what_is_too_large(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path) as spotify, pytest.raises(ProfileTooLarge):
        spotify.library.read(of(fake), ReadingLimits(max_tracks=62))


def test_only_so_many_playlists_as_were_asked_for_and_the_rest_on_top(fake: FakeSpotify, tmp_path: Path):
    with spotify_of(fake, tmp_path) as spotify:
        profile = spotify.library.read(of(fake), ReadingLimits(playlists=1)).profile
    assert names(profile) == ["mine", "Liked Songs", *FAVOURITES]


def test_a_reading_goes_on_where_it_stopped_and_is_forgotten_when_it_is_done(fake: FakeSpotify, tmp_path: Path):
    clock = Clock()
    with spotify_of(fake, tmp_path, clock) as spotify:
        fake.fail("GET /v1/me/top", told.rate_limited(600))
        with pytest.raises(SpotifyRateLimited):
            spotify.library.read(of(fake))
        fake.clear()
        clock.now += 601
        spotify.library.read(of(fake))
        assert fake.asked("GET /v1/playlists") == fake.asked("GET /v1/me/tracks") == []
        fake.clear()
        spotify.library.read(of(fake))
        assert len(fake.asked("GET /v1/playlists")) == 3
        spotify.library.forget(UserId("ann"))


def test_an_answer_without_an_id_is_no_profile(fake: FakeSpotify, tmp_path: Path):
    from tests.fakes.spotify import Answer

    fake.fail("GET /v1/me", Answer(200, {"id": None}), times=1)
    with spotify_of(fake, tmp_path) as spotify, pytest.raises(SpotifyUnavailable):
        spotify.library.read(of(fake))
