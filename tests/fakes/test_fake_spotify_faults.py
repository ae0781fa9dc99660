"""What goes wrong with Spotify, ordered from the stand-in."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from spotipy import SpotifyException

from tests.fakes.spotify import Answer, FakeSpotify, a_world, answers, cut, late
from tests.fakes.spotify.clients import httpx_of, spotipy_of


@pytest.fixture
def fake():
    with FakeSpotify(a_world().with_user("ann", display_name="Ann").with_user("bo")) as fake:
        yield fake
        assert not fake.unhandled


@pytest.fixture
def client(fake):
    with httpx_of(fake, "ann") as client:
        yield client


def statuses(client, times, path="me"):
    return [client.get(path).status_code for _ in range(times)]


def test_a_fault_hits_so_often_and_no_more(fake, client):
    fake.fail("GET /v1/me", answers.server_error(), times=2)
    assert statuses(client, 3) == [500, 500, 200]


def test_a_fault_lets_the_first_ones_through(fake, client):
    fake.fail("GET /v1/me", answers.server_error(), after=2)
    assert statuses(client, 4) == [200, 200, 500, 200]


def test_a_fault_may_never_end_and_hits_only_what_it_names(fake, client):
    fake.fail("GET /v1/me", answers.empty(503), times=float("inf"))
    assert statuses(client, 3) == [503] * 3
    assert statuses(client, 1, "users/bo") == [200]
    fake.clear()
    assert statuses(client, 1) == [200]
    assert fake.requests == [("GET", "/v1/me")]


def test_faults_come_one_after_the_other(fake, client):
    fake.fail("GET /v1/me", answers.server_error())
    fake.fail("GET /v1/", answers.bad_gateway())
    assert statuses(client, 3) == [500, 502, 200]


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (answers.rate_limited(2), 429, "API rate limit exceeded"),
        (answers.rate_limited(2, as_text=True), 429, "Too many requests"),
        (answers.quota_exceeded(), 429, '"reason":"QUOTA_EXCEEDED"'),
        (answers.premium_required(), 403, "Active premium subscription required"),
        (answers.forbidden(), 403, '"Forbidden"'),
        (answers.not_registered(), 403, "Developer Dashboard"),
        (answers.scope_missing(), 403, "Insufficient client scope"),
        (answers.token_expired(), 401, "The access token expired"),
        (answers.token_invalid(), 401, "Invalid access token"),
        (answers.bad_request(), 400, "Invalid limit"),
        (answers.not_found("Not found."), 404, "Not found."),
        (answers.bad_gateway(), 502, "<html>"),
        (answers.empty(400), 400, ""),
        (answers.not_json(), 200, "<!doctype html>"),
        (answers.bare_error(), 400, '{"error":"something went wrong"}'),
        (answers.grant_expired(), 400, "Refresh token expired"),
        (answers.grant_revoked(), 400, "Refresh token revoked"),
        (answers.client_invalid(), 400, "Invalid client secret"),
        (Answer(299, {"a": 1}, {"X-Own": "yes"}), 299, '{"a":1}'),
    ],
)
def test_ready_made_answers_come_as_they_are(fake, client, answer, status, text):
    fake.fail("GET /v1/me", answer)
    given = client.get("me")
    assert given.status_code == status
    assert text in given.text
    assert bool(given.text) == bool(text)
    assert given.headers.items() >= {name.lower(): value for name, value in answer.headers.items()}.items()


@pytest.mark.parametrize(("seconds", "header"), [(79892, "79892"), (None, None)])
def test_retry_after_may_be_missing(fake, client, seconds, header):
    fake.fail("GET /v1/me", answers.rate_limited(seconds))
    assert client.get("me").headers.get("Retry-After") == header


def test_spotipy_reads_why_the_quota_is_used_up_and_for_how_long(fake):
    fake.fail("GET /v1/me", answers.quota_exceeded(60))
    with spotipy_of(fake, "ann") as ann, pytest.raises(SpotifyException) as caught:
        ann.current_user()
    assert caught.value.http_status == 429
    assert caught.value.reason == "QUOTA_EXCEEDED"
    assert caught.value.headers["Retry-After"] == "60"


def test_a_connection_breaks_off_without_an_answer(fake, client):
    fake.fail("GET /v1/me", cut())
    with pytest.raises(httpx.TransportError):
        client.get("me")
    assert statuses(client, 1) == [200]
    assert len(fake.asked("GET /v1/me")) == 2


@pytest.mark.parametrize("after_bytes", [0, 10])
def test_a_connection_breaks_off_in_the_midst_of_an_answer(fake, client, after_bytes):
    fake.fail("GET /v1/me", cut(after_bytes))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.get("me")
    assert statuses(client, 1) == [200]


def test_an_answer_comes_late(fake, client):
    fake.fail("GET /v1/me", late(60))
    fake.fail("GET /v1/users/", late(0.01, answers.server_error()))
    with pytest.raises(httpx.ReadTimeout):
        client.get("me", timeout=0.05)
    assert client.get("users/ann").status_code == 500
    assert client.get("users/ann").status_code == 200


def test_tokens_can_be_made_to_fail_too(fake):
    fake.fail("POST /api/token", answers.server_error(503))
    form = {"grant_type": "client_credentials"}
    auth = (fake.client_id, fake.client_secret)
    asked = [httpx.post(f"{fake.accounts_url}/api/token", data=form, auth=auth, timeout=5) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [503, 200]


def test_it_counts_how_much_is_under_way_together(fake, client):
    assert fake.most_at_once == 0
    statuses(client, 3)
    assert fake.most_at_once == 1
    fake.latency_s = 0.1
    together = threading.Barrier(4)

    def ask(_):
        together.wait()
        return client.get("me").status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [200] * 4
    assert 2 <= fake.most_at_once <= 4


def test_requests_are_kept_in_order_with_their_queries(fake, client):
    client.get("me")
    client.get("users/bo/playlists?limit=3")
    client.get("users/ann")
    assert fake.requests == [("GET", "/v1/me"), ("GET", "/v1/users/bo/playlists?limit=3"), ("GET", "/v1/users/ann")]
    assert fake.asked("GET /v1/users/") == fake.requests[1:]


def test_the_settings_of_a_program_are_told(fake):
    assert fake.variables() == {
        "SOUNDALIKE_SPOTIFY_CLIENT_ID": fake.client_id,
        "SOUNDALIKE_SPOTIFY_CLIENT_SECRET": fake.client_secret,
        "SOUNDALIKE_SPOTIFY_API_URL": fake.api_url,
        "SOUNDALIKE_SPOTIFY_ACCOUNTS_URL": fake.accounts_url,
    }
