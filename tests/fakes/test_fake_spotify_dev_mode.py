"""What the stand-in takes away in development mode, as Spotify did in February 2026, and what it asks tokens for."""

import httpx
import pytest

from tests.fakes.spotify import FakeSpotify, a_track, a_world
from tests.fakes.spotify.clients import httpx_of, spotipy_of
from tests.fakes.spotify.ids import spotify_id

NICO = spotify_id("artist", "Nico")


@pytest.fixture
def fake():
    tracks = [a_track("Nico", genres=["art pop"])]
    world = (
        a_world()
        .with_user("ann", display_name="Ann")
        .with_user("bo")
        .with_playlist("ann", "Mine", tracks=tracks)
        .with_playlist("bo", "Theirs", tracks=tracks)
        .with_playlist("bo", "Ours", tracks=tracks, collaborators=["ann"])
        .following("ann", "bo", "Theirs")
        .following("ann", "bo", "Ours")
        .with_saved_tracks("ann", tracks * 3)
        .with_top_artists("ann", ["Nico", "Can"])
        .with_top_artists("ann", ["Can"], time_range="long_term")
        .with_followed_artists("ann", [f"Artist {number}" for number in range(120)])
    )
    with FakeSpotify(world, mode="dev") as fake:
        yield fake
        assert not fake.unhandled


def status_of(fake, path, person=None, scopes=None):
    given = {} if scopes is None else {"scopes": scopes}
    with httpx_of(fake, person, **given) as client:
        return client.get(path).status_code


@pytest.mark.parametrize("person", [None, "ann"])
@pytest.mark.parametrize("path", ["users/ann", "users/ann/playlists", "users/nobody", f"artists?ids={NICO}"])
def test_what_was_taken_away_is_forbidden_for_everybody(fake, path, person):
    assert status_of(fake, path, person) == 403
    fake.mode = "extended"
    assert status_of(fake, path, person) in (200, 404)


@pytest.mark.parametrize(
    ("owner", "name", "person", "items"),
    [
        ("ann", "Mine", "ann", True),
        ("bo", "Ours", "ann", True),
        ("bo", "Theirs", "ann", False),
        ("ann", "Mine", None, False),
    ],
)
def test_contents_are_for_those_who_edit_a_playlist(fake, owner, name, person, items):
    playlist = fake.world.playlist_id(owner, name)
    with httpx_of(fake, person) as client:
        told = client.get(f"playlists/{playlist}")
        rows = client.get(f"playlists/{playlist}/items")
        old = client.get(f"playlists/{playlist}/tracks")
    assert told.status_code == 200
    assert told.json()["name"] == name
    assert ("items" in told.json()) is items
    assert "tracks" not in told.json()
    assert rows.status_code == (200 if items else 403)
    assert old.status_code == 403


def test_rows_stand_under_item_alone_and_say_less(fake):
    with spotipy_of(fake, "ann") as ann:
        row = ann.playlist_items(fake.world.playlist_id("ann", "Mine"))["items"][0]
        empty = ann.playlist_items(fake.world.playlist_id("ann", "Mine"), fields="items(track(name))")
    assert "track" not in row
    assert row["item"]["name"] == "Song"
    assert not {"popularity", "available_markets"} & row["item"].keys()
    assert "available_markets" not in row["item"]["album"]
    assert empty == {"items": [{}]}


def test_an_artist_has_neither_genres_nor_followers(fake):
    with spotipy_of(fake) as app:
        assert app.artist(NICO).keys() == {"external_urls", "href", "id", "images", "name", "type", "uri"}
        fake.genres = "null"
        assert app.artist(NICO)["genres"] is None
        fake.genres = "empty"
        assert app.artist(NICO)["genres"] == []


def test_a_person_is_told_by_an_account_that_never_changes_and_without_an_address(fake):
    with spotipy_of(fake, "ann") as ann:
        me = ann.current_user()
    assert len(me["account_id"]) == 22
    assert not {"followers", "country", "email", "product"} & me.keys()


def test_their_own_playlists_are_listed_with_those_they_follow(fake):
    with spotipy_of(fake, "ann") as ann, spotipy_of(fake, "ann", "playlist-read-private") as shy:
        assert [each["name"] for each in ann.current_user_playlists()["items"]] == ["Mine", "Theirs", "Ours"]
        assert [each["name"] for each in shy.current_user_playlists()["items"]] == ["Mine", "Theirs"]


def test_saved_tracks_still_stand_under_track(fake):
    with spotipy_of(fake, "ann") as ann:
        page = ann.current_user_saved_tracks(limit=2)
        assert [row["track"]["name"] for row in page["items"]] == ["Song", "Song"]
        assert len(ann.next(page)["items"]) == 1


def test_top_artists_are_of_a_time(fake):
    with spotipy_of(fake, "ann") as ann:
        assert [each["name"] for each in ann.current_user_top_artists()["items"]] == ["Nico", "Can"]
        assert [each["name"] for each in ann.current_user_top_artists(time_range="long_term")["items"]] == ["Can"]
        assert ann.current_user_top_artists(time_range="short_term")["items"] == []
    assert status_of(fake, "me/top/artists?time_range=ever", "ann") == 400


def test_followed_artists_are_paged_by_the_last_one_shown(fake):
    names = []
    with spotipy_of(fake, "ann") as ann:
        page = ann.current_user_followed_artists(limit=50)["artists"]
        names += [each["name"] for each in page["items"]]
        while page["next"]:
            assert page["cursors"]["after"] == page["items"][-1]["id"]
            page = ann.next(page)["artists"]
            names += [each["name"] for each in page["items"]]
    assert names == [f"Artist {number}" for number in range(120)]
    assert page["cursors"] == {"after": None}
    assert status_of(fake, "me/following", "ann") == 400


@pytest.mark.parametrize("mode", ["dev", "extended"])
@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("me/tracks", "user-library-read"),
        ("me/top/artists", "user-top-read"),
        ("me/following?type=artist", "user-follow-read"),
        ("me", ""),
        ("me/playlists", ""),
    ],
)
def test_a_persons_own_things_want_a_person_and_a_scope(fake, mode, path, scope):
    fake.mode = mode
    assert status_of(fake, path) == 401
    assert status_of(fake, path, "ann", scope) == 200
    assert status_of(fake, path, "ann", "") == (403 if scope else 200)


def test_only_people_on_the_list_may_use_the_app(fake):
    fake.allow("bo")
    with httpx_of(fake, "ann") as client:
        answer = client.get("me")
        assert answer.status_code == 403
        assert answer.json()["error"]["message"] == "User not registered in the Developer Dashboard"
        fake.allow("ann", "bo")
        assert client.get("me").status_code == 200
        fake.allow()
        fake.mode = "extended"
        assert client.get("me").status_code == 200


def test_the_list_takes_five_people(fake):
    with pytest.raises(ValueError, match="at most 5"):
        fake.allow(*"abcdef")


@pytest.mark.parametrize(
    ("authorization", "status", "message"),
    [
        (None, 401, "No token provided"),
        ("Bearer nonsense", 401, "Invalid access token"),
        ("Basic nonsense", 400, "Only valid bearer authentication supported"),
    ],
)
def test_a_token_is_wanted(fake, authorization, status, message):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.get(f"{fake.api_url}me", headers=headers, timeout=5)
    assert answer.status_code == status
    assert answer.json() == {"error": {"status": status, "message": message}}
