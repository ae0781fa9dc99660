"""Reading from the stand-in with the real spotipy, as apps with extended quota may."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spotipy import SpotifyException

from tests.fakes.spotify import (
    ABSENT,
    ODD,
    FakeSpotify,
    a_local_file,
    a_removed_track,
    a_track,
    a_world,
    an_artist,
    an_episode,
    an_odd_world,
    many_tracks,
)
from tests.fakes.spotify.clients import httpx_of, spotipy_of
from tests.fakes.spotify.fields import pick
from tests.fakes.spotify.ids import BASE62, spotify_id

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy")


def world():
    return (
        a_world()
        .with_user("ann", display_name="Ann")
        .with_user("bo")
        .with_playlist(
            "ann",
            "Sunday",
            tracks=[
                a_track("Nina Simone", "Sinnerman", year="1965", genres=["vocal jazz"]),
                a_local_file(),
                a_removed_track(),
                an_episode(),
            ],
        )
        .with_playlist("ann", "Secret", tracks=[a_track("Nico")], public=False)
        .with_null_playlists("ann", 2)
    )


@pytest.fixture
def fake():
    with FakeSpotify(world()) as fake:
        yield fake
        assert not fake.unhandled


@pytest.fixture
def app(fake):
    with spotipy_of(fake) as app:
        yield app


def all_of(client, page):
    rows = list(page["items"])
    while page["next"]:
        page = client.next(page)
        rows += page["items"]
    return rows


def test_a_person_is_told_with_their_name(app):
    ann = app.user("ann")
    assert (ann["id"], ann["display_name"], ann["type"]) == ("ann", "Ann", "user")
    assert app.user("bo")["display_name"] is None


def test_somebody_unknown_is_not_found_but_has_an_empty_list_of_playlists(app):
    with pytest.raises(SpotifyException) as caught:
        app.user("nobody")
    assert caught.value.http_status == 404
    assert app.user_playlists("nobody")["items"] == []


def test_public_playlists_are_listed_with_nulls_that_count(app):
    page = app.user_playlists("ann")
    assert [each and each["name"] for each in page["items"]] == ["Sunday", None, None]
    assert page["total"] == 3
    assert page["items"][0]["tracks"]["total"] == page["items"][0]["items"]["total"] == 4


def test_rows_have_their_odd_shapes(fake, app):
    rows = app.playlist_items(fake.world.playlist_id("ann", "Sunday"))["items"]
    track, local, removed, episode = (row["item"] for row in rows)
    assert track["album"]["release_date"] == "1965"
    assert track["album"]["release_date_precision"] == "year"
    assert track["artists"][0]["id"] == spotify_id("artist", "Nina Simone")
    assert rows[1]["is_local"]
    assert local["uri"] == "spotify:local:Halsey:Manic+%28Deluxe%29:929:174"
    assert local["id"] is None
    assert local["artists"][0]["id"] is None
    assert local["album"]["release_date"] is None
    assert removed is None
    assert rows[2]["added_by"]["id"] == ""
    assert rows[2]["added_by"]["uri"] == "spotify:user:"
    assert episode["type"] == "episode"
    assert "artists" not in episode
    assert episode["show"]["name"] == "A show"
    assert all(row["track"] == row["item"] for row in rows)


def test_a_client_that_does_not_name_episodes_gets_them_dressed_as_tracks(fake, app):
    rows = app.playlist_items(fake.world.playlist_id("ann", "Sunday"), additional_types=("track",))["items"]
    assert rows[3]["track"]["album"]["name"] == "A show"
    assert rows[3]["track"]["artists"][0]["id"] is None
    assert rows[3]["track"]["episode"] is True


def test_the_old_address_of_rows_takes_a_hundred_and_knows_only_tracks():
    with FakeSpotify(a_world().with_user("ann").with_playlist("ann", "Long", tracks=many_tracks(120))) as fake:
        playlist = fake.world.playlist_id("ann", "Long")
        with httpx_of(fake) as client:
            page = client.get(f"playlists/{playlist}/tracks").json()
            refused = client.get(f"playlists/{playlist}/items?limit=100")
    assert len(page["items"]) == 100
    assert "item" not in page["items"][0]
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == "Invalid limit"


def test_a_playlist_comes_with_its_first_rows_whose_next_page_can_be_asked_for(fake, app):
    fake.world.with_playlist("ann", "Long", tracks=many_tracks(120))
    playlist = app.playlist(fake.world.playlist_id("ann", "Long"))
    assert len(all_of(app, playlist["tracks"])) == len(all_of(app, playlist["items"])) == 120


@pytest.fixture(scope="module")
def one():
    """One for all examples of a property."""
    with FakeSpotify(a_world()) as fake, spotipy_of(fake) as app:
        yield fake, app


@settings(max_examples=25)
@given(count=st.integers(0, 130), limit=st.integers(4, 50))
def test_pages_hold_every_row_once_and_in_order(one, count, limit):
    fake, app = one
    fake.clear()
    fake.world = a_world().with_user("ann").with_playlist("ann", "Long", tracks=many_tracks(count))
    first = app.playlist_items(fake.world.playlist_id("ann", "Long"), limit=limit)
    assert [row["item"]["name"] for row in all_of(app, first)] == [f"Song {each}" for each in range(count)]
    assert len(fake.asked("GET /v1/playlists/")) == max(1, -(-count // limit))


def test_ten_thousand_rows_are_no_matter(fake, app):
    fake.world.with_playlist("ann", "All", tracks=many_tracks(10_050))
    page = app.playlist_items(fake.world.playlist_id("ann", "All"), offset=10_040)
    assert page["total"] == 10_050
    assert len(page["items"]) == 10


def test_only_the_fields_that_are_asked_for_come(fake, app):
    fields = "items(is_local,item(name,artists(name)),track(nothing)),next,total"
    page = app.playlist_items(fake.world.playlist_id("ann", "Sunday"), fields=fields)
    assert page.keys() == {"items", "next", "total"}
    assert page["items"][0] == {
        "is_local": False,
        "item": {"name": "Sinnerman", "artists": [{"name": "Nina Simone"}]},
        "track": {},
    }
    assert page["items"][2] == {"is_local": False, "item": None, "track": None}


@pytest.mark.parametrize(
    ("fields", "picked"),
    [
        ("a", {"a": {"b": 1, "c": [{"d": 2, "e": 3}]}}),
        ("a.b", {"a": {"b": 1}}),
        ("a.c.d,f", {"a": {"c": [{"d": 2}]}, "f": 4}),
        ("a(c(d)),f", {"a": {"c": [{"d": 2}]}, "f": 4}),
        ("a.c(!d)", {"a": {"c": [{"e": 3}]}}),
        ("!a", {"f": 4}),
        ("nothing", {}),
    ],
)
def test_fields_pick(fields, picked):
    assert pick({"a": {"b": 1, "c": [{"d": 2, "e": 3}]}, "f": 4}, fields) == picked


@pytest.mark.parametrize("fields", ["a(b", "a.", "a)b", "a(b))"])
def test_broken_fields_are_refused(fake, fields):
    playlist = fake.world.playlist_id("ann", "Sunday")
    with httpx_of(fake) as client:
        assert client.get(f"playlists/{playlist}/items", params={"fields": fields}).status_code == 400


def test_artists_come_in_one_go_with_nulls_for_unknown_ids(fake, app):
    nina = spotify_id("artist", "Nina Simone")
    found = app.artists([nina, spotify_id("artist", "Unknown")])["artists"]
    assert found[0]["genres"] == ["vocal jazz"]
    assert found[1] is None
    assert app.artist(nina) == found[0]
    assert fake.asked("GET /v1/artists/?ids=")


def test_at_most_fifty_artists_come_in_one_go(app):
    with pytest.raises(SpotifyException) as caught:
        app.artists([spotify_id("artist", str(number)) for number in range(51)])
    assert caught.value.http_status == 400


@pytest.mark.parametrize(
    ("told", "shown"), [("filled", ["soul"]), ("empty", []), ("null", None), ("absent", ABSENT), (None, ["soul"])]
)
def test_genres_thin_out_when_told_to(told, shown):
    with FakeSpotify(a_world().with_artist("Nina Simone", ["soul"])) as fake, spotipy_of(fake) as app:
        fake.genres = told
        assert app.artist(spotify_id("artist", "Nina Simone")).get("genres", ABSENT) == shown


def test_genres_of_several_tracks_are_put_together_unless_an_artist_is_settled():
    tracks = [a_track("Can", genres=["krautrock"]), a_track("Can", genres=["krautrock", "funk"]), a_track("Neu!")]
    world = a_world().with_user("ann").with_artist("Neu!", None).with_playlist("ann", "K", tracks=tracks)
    world = world.with_saved_tracks("ann", [a_track("Neu!", genres=["rock"])])
    assert world.artist(an_artist("Can").id).genres == ("krautrock", "funk")
    assert world.artist(an_artist("Neu!").id).genres is None


def test_private_playlists_are_for_their_owner_and_only_with_the_scope(fake):
    secret = fake.world.playlist_id("ann", "Secret")
    with spotipy_of(fake, "ann") as ann, spotipy_of(fake, "ann", "") as shy, spotipy_of(fake, "bo") as bo:
        assert "Secret" in [each["name"] for each in ann.user_playlists("ann")["items"] if each]
        assert ann.playlist(secret)["public"] is False
        for client in (shy, bo):
            assert "Secret" not in [each["name"] for each in client.user_playlists("ann")["items"] if each]
            with pytest.raises(SpotifyException, match="Resource not found"):
                client.playlist(secret)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("users/ann/playlists?limit=0", "Invalid limit"),
        ("users/ann/playlists?limit=51", "Invalid limit"),
        ("users/ann/playlists?limit=ten", "Invalid limit"),
        ("users/ann/playlists?offset=-1", "Invalid offset"),
        ("playlists/short", "Invalid base62 id"),
        ("artists?ids=short", "Invalid base62 id"),
        ("artists/short/", "Invalid base62 id"),
    ],
)
def test_what_is_asked_wrongly_is_refused(fake, path, message):
    with httpx_of(fake) as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


def test_the_odd_account_holds_every_odd_list_entry():
    with FakeSpotify(an_odd_world()) as fake, httpx_of(fake, ODD) as client:
        listed = client.get("me/playlists?limit=50").json()["items"]
    assert listed[:2] == [None, None]
    assert listed[-3]["owner"]["id"] == "friend"
    by_name = {each.get("name", ABSENT): each for each in listed if each}
    assert by_name["no total"]["items"]["total"] is None
    assert by_name["no images"]["images"] is None
    assert by_name["no description"]["images"] == []
    assert set(by_name["no owner"]["owner"].values()) == {None}
    assert by_name["neither public nor private"]["public"] is None
    assert by_name["empty"]["items"]["total"] == 0
    assert by_name["together"]["collaborative"]
    assert {"", ABSENT} <= by_name.keys()


def test_odd_ids_of_people_are_asked_for_encoded():
    with FakeSpotify(an_odd_world()) as fake, httpx_of(fake) as client:
        odd = client.get("users/o.d+d_%23%C3%A9").json()
        assert odd["id"] == ODD
        assert odd["images"] == []
        assert client.get(odd["href"]).json() == odd
        page = client.get("users/o.d+d_%23%C3%A9/playlists?limit=5").json()
        rest = client.get(page["next"])
        assert rest.json()["offset"] == 5


def test_the_next_page_may_lead_elsewhere(fake, app):
    fake.page_url = "http://elsewhere.invalid/v1/"
    assert app.user_playlists("ann", limit=1)["next"].startswith("http://elsewhere.invalid/v1/users/ann/playlists?")


def test_what_the_stand_in_does_not_know_is_seen(fake):
    with httpx_of(fake) as client:
        assert client.get("audio-features").status_code == 404
    assert fake.unhandled == ["GET /v1/audio-features"]
    fake.unhandled.clear()


def test_connections_stay_and_answers_say_how_long_they_are(fake):
    with httpx_of(fake) as client:
        answers = [client.get("users/ann"), client.get("users/nobody"), client.get("users/ann")]
        assert len({answer.extensions["network_stream"].get_extra_info("client_addr") for answer in answers}) == 1
    assert all(int(answer.headers["Content-Length"]) == len(answer.content) for answer in answers)
    assert all(answer.http_version == "HTTP/1.1" for answer in answers)


@given(st.text(), st.text())
def test_ids_look_like_spotifys_and_differ(one, other):
    assert BASE62.fullmatch(spotify_id("artist", one))
    assert (spotify_id("artist", one) == spotify_id("artist", other)) == (one == other)
    assert spotify_id("artist", one) != spotify_id("album", one)


def test_it_can_be_closed_while_somebody_waits():
    with FakeSpotify(world(), latency_s=60) as fake, httpx_of(fake) as client:
        fake.latency_s = 60
        fake.close()
        with pytest.raises(httpx.TransportError):
            client.get("users/ann")
