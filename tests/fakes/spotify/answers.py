"""Answers, and those that are errors, worded as Spotify words them. When a test wants one: ``faults``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What is answered: ``content`` is JSON, text, or nothing."""

    status: int = 200
    content: Json | list[Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The answer is an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.content)
        self.answer = answer


def error(status: int, message: str, *, reason: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An error of the Web API in its envelope."""
    about: Json = {"status": status, "message": message} | ({} if reason is None else {"reason": reason})
    return Answer(status, {"error": about}, headers or {})


def token_error(code: str, description: str, status: int = 400) -> Answer:
    """An error of the token endpoint, which has another shape."""
    return Answer(status, {"error": code, "error_description": description})


def bad_request(message: str = "Invalid limit") -> Answer:
    """400."""
    return error(400, message)


def token_expired() -> Answer:
    """401, the usual one: get a new token and ask again."""
    return error(401, "The access token expired")


def token_invalid() -> Answer:
    """401 for a token that is none."""
    return error(401, "Invalid access token")


def forbidden() -> Answer:
    """403, which is what an app in development mode gets for what was taken away."""
    return error(403, "Forbidden")


def scope_missing() -> Answer:
    """403 for a login that did not ask for enough."""
    return error(403, "Insufficient client scope")


def not_registered() -> Answer:
    """403 for a person that is not on the list of an app in development mode."""
    return error(403, "User not registered in the Developer Dashboard")


def premium_required() -> Answer:
    """403 in plain text: the owner of the app does not pay."""
    return Answer(
        403,
        "Active premium subscription required for the owner of the app. When the subscription status changes, it can "
        "take a few hours before requests are allowed again.",
    )


def not_found(message: str = "Resource not found") -> Answer:
    """404; older answers say "Not found."."""
    return error(404, message)


def rate_limited(retry_after: int | None = 1, *, as_text: bool = False) -> Answer:
    """429; the header may be missing, the body may be text."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return (
        Answer(429, "Too many requests", headers) if as_text else error(429, "API rate limit exceeded", headers=headers)
    )


def quota_exceeded(retry_after: int | None = None) -> Answer:
    """429 of another kind: the developer's quota is used up, and asking again is of no use."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return error(429, "Too many requests", reason="QUOTA_EXCEEDED", headers=headers)


def server_error(status: int = 500) -> Answer:
    """5xx in the envelope."""
    return error(status, "Server error")


def bad_gateway(status: int = 502) -> Answer:
    """5xx of the machine in front, in HTML."""
    return Answer(status, f"<html><body><h1>{status} Server Error</h1></body></html>", {"Content-Type": "text/html"})


def empty(status: int = 503) -> Answer:
    """No body at all; 400, 502 and 503 come so, too."""
    return Answer(status)


def not_json(status: int = 200) -> Answer:
    """Something that says to be JSON and is not, such as a captive portal's page."""
    return Answer(status, "<!doctype html><title>Welcome</title>", {"Content-Type": "application/json"})


def bare_error(status: int = 400) -> Answer:
    """The token endpoint's shape where the Web API's is expected."""
    return Answer(status, {"error": "something went wrong"})


def grant_expired() -> Answer:
    """The refresh token is older than six months."""
    return token_error("invalid_grant", "Refresh token expired")


def grant_revoked() -> Answer:
    """The person took the permission back."""
    return token_error("invalid_grant", "Refresh token revoked")


def client_invalid() -> Answer:
    """The id or the secret is wrong."""
    return token_error("invalid_client", "Invalid client secret")
