"""The stand-in with a community of profiles for people, and as a program of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from features.synthetic.community import Community
from features.synthetic.write import write_profiles
from tests.builders import a_playlist, a_profile, a_track
from tests.fakes.spotify import FakeSpotify, world_of
from tests.fakes.spotify.clients import httpx_of, spotipy_of
from tests.fakes.spotify.ids import spotify_id

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy")

ANN = a_profile(
    "ann",
    a_playlist(
        "Sunday",
        a_track("Nina Simone", title="Sinnerman", release_year=1965, genres=["vocal jazz"]),
        a_track("Nico", plays=1234, genres=["art pop"]),
    ),
    a_playlist("Monday", a_track("Nico", genres=["folk"], plays=1)),
)


def test_profiles_become_people_with_public_playlists():
    with FakeSpotify(world_of([ANN, a_profile("bo")])) as fake, spotipy_of(fake) as app:
        assert app.user("bo")["display_name"] is None
        listed = app.user_playlists("ann")["items"]
        rows = app.playlist_items(listed[0]["id"])["items"]
    assert [each["name"] for each in listed] == ["Sunday", "Monday"]
    assert [each["items"]["total"] for each in listed] == [5, 1]
    assert rows[0]["item"]["name"] == "Sinnerman"
    assert rows[0]["item"]["album"]["release_date"] == "1965"
    assert [row["item"]["artists"][0]["name"] for row in rows] == ["Nina Simone"] + ["Nico"] * 4
    assert len({row["item"]["id"] for row in rows}) == 5


def test_artists_have_the_genres_that_anybody_knows():
    with FakeSpotify(world_of([ANN])) as fake, spotipy_of(fake) as app:
        found = app.artists([spotify_id("artist", name) for name in ("Nico", "Nina Simone", "Nobody")])["artists"]
    assert [each and each["genres"] for each in found] == [["art pop", "folk"], ["vocal jazz"], None]


def test_people_of_profiles_can_log_in():
    with FakeSpotify(world_of([ANN]), mode="dev") as fake, spotipy_of(fake, "ann") as ann:
        assert ann.current_user()["id"] == "ann"
        assert [each["name"] for each in ann.current_user_top_artists()["items"]] == ["Nico", "Nina Simone"]
        assert ann.current_user_followed_artists()["artists"]["total"] == 2
        assert ann.current_user_saved_tracks()["total"] == 6
        mine = ann.current_user_playlists()["items"]
        assert ann.playlist_items(mine[1]["id"])["items"][0]["item"]["artists"][0]["name"] == "Nico"


def test_somebody_without_an_id_gets_one():
    world = world_of([a_profile(None, a_playlist("x", "Nico"))])
    assert [len(each) for each in world.people()] == [22]
    assert world.person("nobody") is None
    assert world.playlist("nothing") is None


def test_playlists_are_made_when_asked_for_and_not_before():
    world = world_of(Community(people=40, seed=1).profiles())
    assert world._made.cache_info().currsize == 0
    with FakeSpotify(world) as fake, httpx_of(fake) as client:
        person = world.people()[3]
        listed = client.get(f"users/{person}/playlists?limit=1").json()["items"]
        assert client.get(f"playlists/{listed[0]['id']}/items").json()["total"] == listed[0]["items"]["total"] > 0
    assert world._made.cache_info().currsize < 20


@pytest.fixture
def program():
    """Start it with those options; it is stopped at the end."""
    started = []

    def start(*options):
        command = [sys.executable, "-m", "tests.fakes.spotify", *options]
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_a_file_of_profiles_until_it_is_stopped(program, tmp_path, stop):
    write_profiles(tmp_path / "profiles.jsonl.gz", [ANN])
    process = program("--profiles", str(tmp_path / "profiles.jsonl.gz"), "--mode", "dev", "--latency-ms", "1")
    lines = [process.stdout.readline() for _ in range(4)]
    told = dict(re.fullmatch(r"export (\w+)=(\S+)\n", line).groups() for line in lines)
    token = httpx.post(
        f"{told['SOUNDALIKE_SPOTIFY_ACCOUNTS_URL']}/api/token",
        data={"grant_type": "client_credentials"},
        auth=(told["SOUNDALIKE_SPOTIFY_CLIENT_ID"], told["SOUNDALIKE_SPOTIFY_CLIENT_SECRET"]),
        timeout=5,
    ).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    base = told["SOUNDALIKE_SPOTIFY_API_URL"]
    assert httpx.get(f"{base}users/ann", headers=headers, timeout=5).status_code == 403
    assert httpx.get(f"{base}artists/{spotify_id('artist', 'Nico')}", headers=headers, timeout=5).is_success
    process.send_signal(stop)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said.endswith("Spotify itself is asked nothing. 1 people, such as ann\n")


ASKS = """
import os, sys, urllib.error, urllib.request
try:
    urllib.request.urlopen(os.environ["SOUNDALIKE_SPOTIFY_API_URL"], timeout=5)
except urllib.error.HTTPError as answer:
    print(answer.code)
sys.exit(3)
"""
WAITS = """
import os, sys, time
print(os.environ["SOUNDALIKE_SPOTIFY_ACCOUNTS_URL"], flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("tidied up")
    sys.exit(130)
"""


def test_it_serves_for_as_long_as_a_program_runs_and_ends_with_its_exit_code(program):
    process = program("--", sys.executable, "-c", ASKS)
    told, said = process.communicate(timeout=30)
    assert (told, process.returncode) == ("401\n", 3)
    assert "stand-in" in said


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_what_stops_it_interrupts_the_program_which_ends_in_its_own_way(program, stop):
    process = program("--", sys.executable, "-c", WAITS)
    url = process.stdout.readline().strip()
    assert httpx.get(url, timeout=5).status_code == 404
    process.send_signal(stop)
    told, _ = process.communicate(timeout=30)
    assert (told, process.returncode) == ("tidied up\n", 130)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, timeout=5)


def test_a_program_that_cannot_be_run_is_named(program):
    process = program("--", "no-such-program")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 127
    assert "no-such-program cannot be run" in said


def test_a_file_that_cannot_be_read_is_named(program, tmp_path):
    process = program("--profiles", str(tmp_path / "nothing.jsonl"))
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "nothing.jsonl" in said
    assert "Traceback" not in said
