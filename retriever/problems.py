"""The one rim of the HTTP API: every error becomes an ``application/problem+json`` document (RFC 9457).

Beside the standard members stand ``code`` (stable, for programs) and ``mend`` (what to do about it, for people).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from features.errors import SoundalikeError, SpotifyRateLimited
from retriever.errors import Finding, InvalidRequest
from retriever.findings import findings_of
from retriever.observe.seen import seen, template_of

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""What is not available now is tried again that often, or oftener."""
_MENDS = {
    400: "Send a well-formed body of the announced content type.",
    404: "See /docs for the paths that exist.",
    405: "See the Allow header for the methods that this path knows.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, and how to mend it."""

    type: Annotated[str, Field(description="URN of the kind of problem.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: Annotated[str, Field(description="Path of the request.")]
    code: str
    mend: str
    errors: tuple[Finding, ...] | None = None


def problem_of(error: SoundalikeError, instance: str) -> Problem:
    """The document of an error that a person can mend."""
    findings = error.findings if isinstance(error, InvalidRequest) else None
    return Problem(
        f"urn:problem-type:soundalike:{error.code}",
        error.title,
        error.http_status,
        error.what,
        instance,
        error.code,
        error.mend,
        findings,
    )


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A response that carries a problem."""
    members = {name: value for name, value in asdict(problem).items() if value is not None}
    soon = {"retry-after": str(RETRY_AFTER_S)} if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(orjson.dumps(members), problem.status, {**soon, **(headers or {})}, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    app.add_exception_handler(SoundalikeError, _mendable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


async def _mendable(request: Request, error: Exception) -> Response:
    assert isinstance(error, SoundalikeError)  # noqa: S101 - what the handler is installed for
    seen(request.scope).code = error.code
    later = {"retry-after": str(error.retry_after_s)} if isinstance(error, SpotifyRateLimited) else None
    return respond(problem_of(error, request.url.path), later)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return respond(problem_of(InvalidRequest(findings_of(error.errors())), request.url.path))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = {**(error.headers or {})}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed(request)
    return respond(_standard(error.status_code, str(error.detail), request), headers)


def _allowed(request: Request) -> dict[str, str]:
    """The header of all methods that a path knows; the router itself names those of its first route that fits."""
    operations = request.app.openapi()["paths"].get(template_of(request.scope), {})
    return {"Allow": ", ".join(sorted(map(str.upper, operations)))} if operations else {}


async def _gone(request: Request, _error: Exception) -> Response:
    return respond(_standard(400, "The client hung up before the body was complete.", request))


async def _unexpected(request: Request, _error: Exception) -> Response:
    """A bug: the server logs it with its traceback, the client learns nothing of it."""
    return respond(_standard(500, "The server met an unexpected condition.", request))


def _standard(status: int, detail: str, request: Request) -> Problem:
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "-")
    mend = _MENDS.get(status, "Try again later; the server's log has the details." if status >= 500 else "")
    return Problem(f"urn:problem-type:soundalike:{code}", phrase, status, detail, request.url.path, code, mend)
