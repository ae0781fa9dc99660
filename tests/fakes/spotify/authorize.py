"""Where people allow an app something: at once as a test has it, or on a page for people who try things out."""

from __future__ import annotations

import html
from urllib.parse import urlencode, urlsplit

from .answers import Answer, Json, Refused
from .routing import Request, route
from .state import CALLBACK, State
from .tokens import Consent

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
    if asked.get("client_id") != state.client_id:
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


ROUTES = (route("GET /authorize", _authorize),)
