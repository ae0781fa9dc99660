"""The session of a browser that logs in with Spotify: a cookie with an id that cannot be guessed, and nothing else.

It goes to no script (HttpOnly) and with no request that another site makes (SameSite=Lax); who is logged in under it is
kept by ``features.spotify.login``.
"""

from __future__ import annotations

import secrets

from fastapi import Request, Response

COOKIE = "soundalike_session"
_BYTES = 32


def session_of(request: Request) -> str:
    """The session id that a request brings; empty where it brings none."""
    return request.cookies.get(COOKIE, "")


def new_session() -> str:
    """A fresh id."""
    return secrets.token_urlsafe(_BYTES)


def set_session(response: Response, session: str, *, is_https: bool) -> None:
    """Give the browser an id, until it is closed."""
    response.set_cookie(COOKIE, session, httponly=True, samesite="lax", secure=is_https, path="/")


def end_session(response: Response, *, is_https: bool) -> None:
    """Take it away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=is_https, path="/")
