"""How the service is, for machines that watch it and people who wonder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from retriever.answers_status import Readiness, Status, StatusHistory
from retriever.history import KEPT
from retriever.routes.common import json_answer, opened

router = APIRouter()


@router.get("/healthz", tags=["health"])
async def healthz() -> Response:
    """Whether the process lives; touches nothing else."""
    return json_answer({"status": "alive"})


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}}, tags=["health"])
async def readyz(request: Request) -> Response:
    """Whether questions can be answered. What is degraded does answer, and keeps writes for a store that is down."""
    room = opened(request)
    if room.leaving:
        return json_answer({"status": "not ready", "reasons": ["The server is about to stop."]}, 503)
    found = await room.workers.run(room.parts.statuses.readiness)
    return json_answer(found, 503 if found.status == "not ready" else 200)


@router.get("/v1/status", response_model=Status, tags=["health"])
async def status(request: Request) -> Response:
    """Age and version of model, index and features; how many people; what waits to be delivered."""
    room = opened(request)
    return json_answer(await room.workers.admit(lambda: room.workers.run(room.parts.statuses.status)))


@router.get("/v1/status/history", response_model=StatusHistory, tags=["health"])
async def history(
    request: Request,
    hours: Annotated[int, Query(ge=1, le=KEPT // timedelta(hours=1), description="How far to look back.")] = 168,
) -> Response:
    """How many people there were, what waited, and how old model and index were: every five minutes, for 90 days."""
    room, since = opened(request), datetime.now(UTC) - timedelta(hours=hours)
    return json_answer(await room.workers.admit(lambda: room.workers.run(lambda: room.parts.history.since(since))))


@router.get("/metrics", tags=["health"], response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """For Prometheus: requests, encoding, searches, deliveries; what waits, and how old model and index are."""
    room, accept = opened(request), request.headers.get("accept", "")
    body, media_type = await room.workers.run(lambda: room.metrics.render(accept))
    return Response(body, media_type=media_type)


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """Where to go from here."""
    return json_answer({"name": "Soundalike", "docs": "/docs", "openapi": "/openapi.json"})
