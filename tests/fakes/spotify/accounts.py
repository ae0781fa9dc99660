"""The accounts service: where people allow an app something, and where it gets its tokens."""

from __future__ import annotations

import base64
import binascii
import html
import secrets
from urllib.parse import urlencode, urlsplit

from .answers import Answer, Json, Refused, client_invalid, token_error
from .routing import Request, route
from .state import CALLBACK, State
from .tokens import LIFETIME_S, Consent

_SCOPES = frozenset(
    {
        *("playlist-read-private", "playlist-read-collaborative", "user-library-read", "user-top-read"),
        *("user-follow-read", "user-read-private", "user-read-email", "user-read-recently-played"),
        *("playlist-modify-private", "playlist-modify-public"),
    }
)
_PAGE = """<!doctype html><title>Log in</title><h1>A stand-in for Spotify</h1>
<p>The app asks to read: {scopes}</p>
<form>{hidden}<label>Log in as <input name="as" list="people" required autofocus></label>
<datalist id="people">{people}</datalist>
<button>Agree</button> <button name="denies" value="1" formnovalidate>Cancel</button></form>"""


def _authorize(state: State, request: Request) -> Answer:
    """Send the browser back with a code, or with what went wrong; the app's own mistakes are told here."""
    asked = request.query
    _check_app(state, request)
    person = asked.get("as", state.logs_in_as)
    if "denies" in asked or state.denies:
        return _back(request, {"error": "access_denied"})
    if person is None:
        return _login_page(state, request)
    if state.world.person(person) is None:
        return Answer(400, f"There is nobody called {html.escape(person)} here.")
    scopes = frozenset(asked.get("scope", "").split())
    consent = Consent(person, scopes, asked["redirect_uri"], asked.get("code_challenge", ""))
    return _back(request, {"code": state.tokens.new_code(consent)})


def _check_app(state: State, request: Request) -> None:
    asked = request.query
    if not _is(asked.get("client_id", ""), state.client_id):
        raise Refused(Answer(400, "INVALID_CLIENT: Invalid client"))
    if not _may_go_to(state, asked.get("redirect_uri", "")):
        raise Refused(Answer(400, "INVALID_CLIENT: Invalid redirect URI"))
    if asked.get("response_type") != "code":
        raise Refused(Answer(400, "response_type must be code"))
    if not _SCOPES.issuperset(asked.get("scope", "").split()):
        raise Refused(Answer(400, "INVALID_SCOPE: Invalid scope"))
    if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
        raise Refused(Answer(400, "code_challenge_method must be S256"))
    if "code_challenge" in asked and len(asked["code_challenge"]) != 43:
        raise Refused(Answer(400, "code_challenge must be a base64url encoded SHA-256 hash"))


def _may_go_to(state: State, address: str) -> bool:
    """The registered address, or the callback on any port of this machine by number; "localhost" is refused."""
    url = urlsplit(address)
    is_callback = url.scheme == "http" and url.hostname in ("127.0.0.1", "::1") and url.path == CALLBACK
    return address == state.redirect_url or (is_callback and not url.query and not url.fragment)


def _back(request: Request, said: Json) -> Answer:
    state = {"state": request.query["state"]} if "state" in request.query else {}
    return Answer(302, headers={"Location": f"{request.query['redirect_uri']}?{urlencode({**said, **state})}"})


def _login_page(state: State, request: Request) -> Answer:
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in request.query.items()
    )
    people = "".join(f'<option value="{html.escape(each)}">' for each in state.world.people())
    scopes = html.escape(request.query.get("scope", "") or "what is public")
    return Answer(
        content=_PAGE.format(scopes=scopes, hidden=hidden, people=people),
        headers={"Content-Type": "text/html; charset=utf-8"},
    )


def _token(state: State, request: Request) -> Answer:
    grants = {"client_credentials": _for_app, "authorization_code": _for_code, "refresh_token": _for_refresh}
    grant = grants.get(request.form.get("grant_type", ""))
    if grant is None:
        raise Refused(token_error("unsupported_grant_type", "grant_type parameter is missing or unknown"))
    return Answer(content=grant(state, request, _has_secret(state, request)))


def _has_secret(state: State, request: Request) -> bool:
    """Whether the app proved itself; apps without a secret give just their id.

    Raises:
        Refused: the id or the secret is wrong.
    """
    client_id, secret = _credentials(request)
    if not _is(client_id, state.client_id):
        raise Refused(token_error("invalid_client", "Invalid client"))
    if secret is not None and not _is(secret, state.client_secret):
        raise Refused(client_invalid())
    return secret is not None


def _credentials(request: Request) -> tuple[str, str | None]:
    kind, _, encoded = request.authorization.partition(" ")
    if kind.lower() != "basic":
        return request.form.get("client_id", ""), request.form.get("client_secret")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused(client_invalid()) from None
    return client_id, secret


def _is(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())


def _for_app(state: State, request: Request, has_secret: bool) -> Json:
    if not has_secret:
        raise Refused(client_invalid())
    return _told(state.tokens.new_access())


def _for_code(state: State, request: Request, has_secret: bool) -> Json:
    form = request.form
    consent = state.tokens.take(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
    if not has_secret and not consent.challenge:
        raise Refused(client_invalid())
    return _for_person(state, consent) | {"refresh_token": state.tokens.new_refresh(consent)}


def _for_refresh(state: State, request: Request, has_secret: bool) -> Json:
    refresh_token = request.form.get("refresh_token", "")
    consent = state.tokens.consent(refresh_token)
    if not has_secret and not consent.challenge:
        raise Refused(client_invalid())
    told = _for_person(state, consent)
    if not state.rotates:
        return told
    state.tokens.retire(refresh_token)
    return told | {"refresh_token": state.tokens.new_refresh(consent)}


def _for_person(state: State, consent: Consent) -> Json:
    access = state.tokens.new_access(consent.person, consent.scopes)
    return _told(access) | {"scope": " ".join(sorted(consent.scopes))}


def _told(access_token: str) -> Json:
    return {"access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME_S}


ROUTES = (route("GET /authorize", _authorize), route("POST /api/token", _token))
