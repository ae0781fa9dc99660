"""What all routes share: the opened parts, the workers, and answers as JSON with the versions they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from retriever.answers import Recommendations, SimilarPeople
from retriever.answers_compatibility import Compatibility
from retriever.batch import Results
from retriever.errors import UnsupportedBody
from retriever.etags import etag_of, is_known
from retriever.observe.metrics import Metrics
from retriever.parts import Parts
from retriever.recent import RecentAnswers
from retriever.workers import Workers

Versioned = SimilarPeople | Recommendations | Compatibility | Results
MODEL_HEADER, INDEX_HEADER = "Soundalike-Model", "Soundalike-Index"


@dataclass
class Opened:
    """What the lifespan opened, for the routes to work with.

    Attributes:
        readers: threads for what is read elsewhere, which may take long.
        leaving: the server is about to stop.
    """

    parts: Parts
    workers: Workers
    readers: Workers
    metrics: Metrics
    recent: RecentAnswers
    leaving: bool = False


def opened(request: Request) -> Opened:
    """What the lifespan opened."""
    found: Opened = request.app.state.opened
    return found


def json_answer(answer: Any, status: int = 200) -> Response:  # noqa: ANN401 - any dataclass of answers
    """An answer as JSON."""
    return Response(_packed(answer), status, media_type="application/json")


def versions_of(answer: Versioned) -> dict[str, str]:
    """Headers that tell which model and which index gave an answer."""
    return {MODEL_HEADER: str(answer.model_version), INDEX_HEADER: answer.index}


def versioned(answer: Versioned) -> Response:
    """An answer as JSON, and in its headers the versions of the model and the index that gave it."""
    return Response(orjson.dumps(answer), 200, versions_of(answer), "application/json")


def labelled(answer: Any, headers: dict[str, str] | None = None) -> Response:  # noqa: ANN401
    """An answer as JSON with its ETag."""
    body = _packed(answer)
    return Response(body, 200, {**(headers or {}), "ETag": etag_of(body)}, "application/json")


def unless_known(request: Request, answer: Response) -> Response:
    """An answer that has an ETag; 304 without a body to whom has it already."""
    if not is_known(answer.headers["etag"], ", ".join(request.headers.getlist("if-none-match")) or None):
        return answer
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
    return Response(status_code=304, headers=headers)


def tagged(request: Request, answer: Any, headers: dict[str, str] | None = None) -> Response:  # noqa: ANN401
    """An answer as JSON with its ETag; 304 without a body to whom has it already."""
    return unless_known(request, labelled(answer, headers))


async def json_body(request: Request) -> bytes:
    """The body of a request that has to be JSON. Raises UnsupportedBody."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedBody(f"The body is {media_type}.", "Send application/json.")
    return await request.body()


def _packed(answer: Any) -> bytes:  # noqa: ANN401
    return orjson.dumps(answer, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError
