"""The stand-in's accounts service, with the real spotipy and with plain HTTP."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import requests
from spotipy import Spotify
from spotipy.oauth2 import SpotifyOauthError

from tests.fakes.spotify import ALL_SCOPES, FakeSpotify, a_world
from tests.fakes.spotify.clients import app_tokens, httpx_of, person_tokens, pkce_tokens

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def fake():
    with FakeSpotify(a_world().with_user("ann").with_user("bo")) as fake:
        fake.logs_in_as = "ann"
        yield fake
        assert not fake.unhandled


def authorize(fake, **changed):
    asked = {
        "client_id": fake.client_id,
        "response_type": "code",
        "redirect_uri": fake.redirect_url,
        "scope": "user-top-read",
        "state": "st&te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    given = {name: value for name, value in (asked | changed).items() if value is not None}
    return httpx.get(f"{fake.accounts_url}/authorize", params=given, timeout=5)


def said(answer):
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def ask_token(fake, *, secret=None, **form):
    auth = None if secret is None else (fake.client_id, secret)
    given = form if auth else {"client_id": fake.client_id, **form}
    return httpx.post(f"{fake.accounts_url}/api/token", data=given, auth=auth, timeout=5)


def code_form(fake, code, /, **changed):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": fake.redirect_url}
    return form | {"code_verifier": VERIFIER} | changed


def logged_in(fake, manager):
    """A code by spotipy's own address, made a token by spotipy."""
    answer = httpx.get(manager.get_authorize_url(state="s"), timeout=5)
    return manager.get_access_token(said(answer)["code"], check_cache=False)


def test_an_app_gets_a_token_for_its_secret(fake):
    assert httpx.get(
        f"{fake.api_url}users/ann",
        headers={"Authorization": f"Bearer {app_tokens(fake).get_access_token(as_dict=False)}"},
        timeout=5,
    ).is_success


def test_a_wrong_secret_is_refused(fake):
    manager = app_tokens(fake)
    fake.client_secret = fake.client_secret[::-1]
    with pytest.raises(SpotifyOauthError) as caught:
        manager.get_access_token(as_dict=False)
    assert caught.value.error == "invalid_client"
    assert caught.value.error_description == "Invalid client secret"


@pytest.mark.parametrize("tokens", [person_tokens, pkce_tokens])
@pytest.mark.filterwarnings("ignore:You're using 'as_dict = True'")
def test_a_person_logs_in_through_spotipy(fake, tokens):
    manager = tokens(fake)
    logged_in(fake, manager)
    with requests.Session() as session:
        client = Spotify(auth_manager=manager, requests_session=session)
        client.prefix = fake.api_url
        assert client.current_user()["id"] == "ann"
        assert client.current_user_top_artists()["items"] == []


def test_codes_come_with_the_state_and_refusals_too(fake):
    assert said(authorize(fake)).keys() == {"code", "state"}
    assert said(authorize(fake))["state"] == "st&te"
    fake.denies = True
    assert said(authorize(fake)) == {"error": "access_denied", "state": "st&te"}


def test_a_token_tells_its_scope_and_comes_with_a_refresh_token(fake):
    code = said(authorize(fake, scope=ALL_SCOPES))["code"]
    told = ask_token(fake, **code_form(fake, code)).json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert told["expires_in"] == 3600
    assert set(told["scope"].split()) == set(ALL_SCOPES.split())


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "another"},
        {"redirect_uri": "http://localhost:8000/v1/spotify/callback"},
        {"redirect_uri": "http://127.0.0.1:8000/v1/elsewhere"},
        {"redirect_uri": "https://127.0.0.1:8000/v1/spotify/callback"},
        {"redirect_uri": "http://127.0.0.1:8000/v1/spotify/callback?more=1"},
        {"redirect_uri": "http://evil.example/v1/spotify/callback"},
        {"redirect_uri": None},
        {"response_type": "token"},
        {"scope": "everything"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
)
def test_what_the_app_asks_wrongly_leads_nowhere(fake, changed):
    assert authorize(fake, **changed).status_code == 400


@pytest.mark.parametrize("address", ["http://127.0.0.1:9123/v1/spotify/callback", "http://[::1]:1/v1/spotify/callback"])
def test_the_callback_may_be_on_any_port_of_this_machine(fake, address):
    assert authorize(fake, redirect_uri=address).headers["Location"].startswith(f"{address}?code=")


def test_any_address_may_be_registered(fake):
    fake.redirect_url = "https://soundalike.example/v1/spotify/callback"
    assert authorize(fake).status_code == 302


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:1/v1/spotify/callback"},
        {"code": "another"},
    ],
)
def test_a_code_is_no_use_without_its_proof(fake, changed):
    code = said(authorize(fake))["code"]
    answer = ask_token(fake, secret=fake.client_secret, **code_form(fake, code, **changed))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def test_a_code_is_good_once(fake):
    code = said(authorize(fake))["code"]
    assert ask_token(fake, **code_form(fake, code)).is_success
    assert ask_token(fake, **code_form(fake, code)).json()["error"] == "invalid_grant"


def test_without_a_challenge_the_secret_is_wanted(fake):
    for secret, status in ((None, 400), (fake.client_secret, 200)):
        code = said(authorize(fake, code_challenge=None))["code"]
        assert ask_token(fake, secret=secret, **code_form(fake, code, code_verifier="")).status_code == status


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "another"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "another"}, "invalid_grant"),
    ],
)
def test_other_wrong_grants_are_named(fake, form, error):
    answer = ask_token(fake, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def refresh(fake, token):
    return ask_token(fake, secret=fake.client_secret, grant_type="refresh_token", refresh_token=token)


def test_a_refresh_gives_no_new_refresh_token_and_the_old_one_stays_good(fake):
    token = fake.refresh_token("ann", "user-top-read")
    for _ in range(2):
        told = refresh(fake, token).json()
        assert "refresh_token" not in told
        assert told["scope"] == "user-top-read"


def test_a_refresh_may_give_a_new_refresh_token_and_the_old_one_dies(fake):
    fake.rotates = True
    old = fake.refresh_token("ann")
    new = refresh(fake, old).json()["refresh_token"]
    assert refresh(fake, old).json()["error"] == "invalid_grant"
    assert refresh(fake, new).is_success


@pytest.mark.parametrize(
    ("expired", "description"), [(False, "Refresh token revoked"), (True, "Refresh token expired")]
)
def test_refresh_tokens_of_one_person_die(fake, expired, description):
    anns, bos = fake.refresh_token("ann"), fake.refresh_token("bo")
    fake.revoke("ann", expired=expired)
    assert refresh(fake, anns).json() == {"error": "invalid_grant", "error_description": description}
    assert refresh(fake, bos).is_success


@pytest.mark.filterwarnings("ignore:You're using 'as_dict = True'")
def test_spotipy_sees_that_a_login_is_over(fake):
    manager = person_tokens(fake)
    token = logged_in(fake, manager)["refresh_token"]
    fake.revoke("ann")
    with pytest.raises(SpotifyOauthError) as caught:
        manager.refresh_access_token(token)
    assert caught.value.error == "invalid_grant"


def test_access_tokens_expire(fake):
    with httpx_of(fake, "ann") as client:
        assert client.get("me").is_success
        fake.expire_tokens()
        answer = client.get("me")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "The access token expired"


def test_somebody_who_tries_things_out_chooses_on_a_page_who_they_are(fake):
    fake.logs_in_as = None
    page = authorize(fake, state='"><script>')
    assert page.headers["Content-Type"].startswith("text/html")
    assert '<option value="ann">' in page.text
    assert "<script>" not in page.text
    assert "code" in said(authorize(fake, **{"as": "bo"}))
    assert said(authorize(fake, denies="1"))["error"] == "access_denied"
    assert authorize(fake, **{"as": "<b>"}).text == "There is nobody called &lt;b&gt; here."
