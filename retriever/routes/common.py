"""What all routes share: the opened parts, the workers, and answers as JSON with the versions they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from retriever.answers import Recommendations, SimilarPeople
from retriever.observe.metrics import Metrics
from retriever.parts import Parts
from retriever.workers import Workers

MODEL_HEADER, INDEX_HEADER = "Soundalike-Model", "Soundalike-Index"


@dataclass
class Opened:
    """What the lifespan opened, for the routes to work with. ``leaving``: the server is about to stop."""

    parts: Parts
    workers: Workers
    metrics: Metrics
    leaving: bool = False


def opened(request: Request) -> Opened:
    """What the lifespan opened."""
    found: Opened = request.app.state.opened
    return found


def json_answer(answer: Any, status: int = 200) -> Response:  # noqa: ANN401 - any dataclass of answers
    """An answer as JSON."""
    return Response(orjson.dumps(answer, default=_plain), status, media_type="application/json")


def versioned(answer: SimilarPeople | Recommendations) -> Response:
    """An answer as JSON, and in its headers the versions of the model and the index that gave it."""
    headers = {MODEL_HEADER: str(answer.model_version), INDEX_HEADER: answer.index}
    return Response(orjson.dumps(answer), 200, headers, "application/json")


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError
