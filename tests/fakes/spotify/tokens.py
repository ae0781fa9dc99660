"""Codes, access tokens and refresh tokens: who gave what to the app, and whether it is still good."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, replace

from .answers import Answer, Refused, error, grant_expired, grant_revoked, token_error, token_expired, token_invalid

LIFETIME_S = 3600


@dataclass(frozen=True)
class Access:
    """What an access token opens; without a ``person`` it is an app's own."""

    person: str | None
    scopes: frozenset[str]
    expires_at: float


@dataclass(frozen=True)
class Consent:
    """What a person allowed, and how the app must prove that it asked."""

    person: str
    scopes: frozenset[str]
    redirect_url: str = ""
    challenge: str = ""

    def is_proven_by(self, verifier: str) -> bool:
        """PKCE, method S256 (RFC 7636, 4.6); without a challenge there must be no verifier either."""
        if not self.challenge:
            return not verifier
        digest = hashlib.sha256(verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge


@dataclass
class _Refresh:
    consent: Consent
    refusal: Answer | None = None


class Tokens:
    """All that was issued. Nothing is ever forgotten, so that a dead token is told from one that never was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accesses: dict[str, Access] = {}
        self._codes: dict[str, Consent] = {}
        self._refreshes: dict[str, _Refresh] = {}

    def new_access(self, person: str | None = None, scopes: frozenset[str] = frozenset()) -> str:
        """An access token."""
        token = f"BQ{secrets.token_urlsafe(40)}"
        self._accesses[token] = Access(person, scopes, time.monotonic() + LIFETIME_S)
        return token

    def new_code(self, consent: Consent) -> str:
        """A code, good once."""
        code = f"AQ{secrets.token_urlsafe(40)}"
        self._codes[code] = consent
        return code

    def new_refresh(self, consent: Consent) -> str:
        """A refresh token."""
        token = f"AQ{secrets.token_urlsafe(60)}"
        self._refreshes[token] = _Refresh(consent)
        return token

    def take(self, code: str, redirect_url: str, verifier: str) -> Consent:
        """What a code stands for; it is used up, even by a wrong proof.

        Raises:
            Refused: the code is none, was used, was for another address, or the verifier does not fit.
        """
        with self._lock:
            consent = self._codes.pop(code, None)
        if consent is None:
            raise Refused(token_error("invalid_grant", "Invalid authorization code"))
        if consent.redirect_url != redirect_url:
            raise Refused(token_error("invalid_grant", "Invalid redirect URI"))
        if not consent.is_proven_by(verifier):
            raise Refused(token_error("invalid_grant", "code_verifier was incorrect"))
        return consent

    def consent(self, refresh_token: str) -> Consent:
        """What a refresh token stands for.

        Raises:
            Refused: it is none, or dead.
        """
        refresh = self._refreshes.get(refresh_token)
        if refresh is None:
            raise Refused(token_error("invalid_grant", "Invalid refresh token"))
        if refresh.refusal is not None:
            raise Refused(refresh.refusal)
        return refresh.consent

    def access(self, authorization: str) -> Access:
        """What the token of a request opens.

        Raises:
            Refused: there is no token, it is none, or its time is over.
        """
        kind, _, token = authorization.partition(" ")
        if not token:
            raise Refused(error(401, "No token provided"))
        if kind.lower() != "bearer":
            raise Refused(error(400, "Only valid bearer authentication supported"))
        access = self._accesses.get(token)
        if access is None:
            raise Refused(token_invalid())
        if access.expires_at <= time.monotonic():
            raise Refused(token_expired())
        return access

    def revoke(self, person: str, *, expired: bool = False) -> None:
        """A person's refresh tokens die: taken back, or six months old."""
        for refresh in list(self._refreshes.values()):
            if refresh.consent.person == person:
                refresh.refusal = grant_expired() if expired else grant_revoked()

    def retire(self, refresh_token: str) -> None:
        """One refresh token dies, as another took its place."""
        self._refreshes[refresh_token].refusal = grant_revoked()

    def expire(self) -> None:
        """All access tokens' time is over."""
        for token, access in list(self._accesses.items()):
            self._accesses[token] = replace(access, expires_at=0)
