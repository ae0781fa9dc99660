"""The accounts service's token endpoint: how an app proves itself, and what it gets for which grant."""

from __future__ import annotations

import base64
import binascii

from .answers import Answer, Json, Refused, client_invalid, token_error
from .routing import Request, route
from .state import State
from .tokens import LIFETIME_S, Consent


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
    if client_id != state.client_id:
        raise Refused(token_error("invalid_client", "Invalid client"))
    if secret not in (None, state.client_secret):
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


ROUTES = (route("POST /api/token", _token),)
