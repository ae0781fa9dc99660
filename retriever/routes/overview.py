"""The whole at a glance: a map of everybody, and the models that were trained."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse

from features.profile import UserId, UserIdText
from retriever import documents
from retriever.answers_map import TasteMap
from retriever.answers_models import Models
from retriever.drawing import Drawing
from retriever.etags import etag_of
from retriever.routes.common import INDEX_HEADER, MODEL_HEADER, Opened, opened, tagged, unless_known

router = APIRouter(tags=["overview"])

MAX_ASKED_FOR = 50
_MAX_VERSION = 2**31 - 1


class Markdown(PlainTextResponse):
    """Text for people."""

    media_type = "text/markdown"


@router.get("/v1/map", response_model=TasteMap, responses=documents.TAGGED_OF_INDEX)
async def taste_map(
    request: Request,
    user_id: Annotated[
        list[UserIdText],
        Query(
            default_factory=list,
            max_length=MAX_ASKED_FOR,
            description="Who is to be on it whatever the sample, as they are now; nobody where the index has nobody.",
        ),
    ],
) -> Response:
    """Everybody on a plane, by principal components of the user embeddings; of more than 20,000 people a sample."""
    room = opened(request)
    drawing = await room.workers.admit(lambda: _drawing(room, user_id))
    version = drawing.version
    headers = {MODEL_HEADER: str(version.model_version), INDEX_HEADER: version.name, "ETag": drawing.etag}
    return unless_known(request, Response(drawing.body, 200, headers, "application/json"))


@router.get("/v1/models", response_model=Models, responses=documents.TAGGED)
async def models(request: Request) -> Response:
    """The models that were trained, newest first: what they are worth, beside what, and which one is live."""
    room = opened(request)
    return tagged(request, await room.readers.admit(lambda: room.readers.run(room.parts.models.models)))


@router.get("/v1/models/{version}/report", response_class=Markdown, responses=documents.TAGGED)
async def report(request: Request, version: Annotated[int, Path(ge=1, le=_MAX_VERSION)]) -> Response:
    """The evaluation report of a model, for people."""
    room = opened(request)
    text = await room.readers.admit(lambda: room.readers.run(lambda: room.parts.models.report(version)))
    return unless_known(request, Markdown(text, headers={"ETag": etag_of(text)}))


async def _drawing(room: Opened, user_ids: list[str]) -> Drawing:
    """The map with some people on it, whichever version goes live meanwhile."""
    while True:
        found = await asyncio.wrap_future(room.parts.cartographer.drawing())
        drawing = await room.workers.run(lambda found=found: _ready(room, found, user_ids))  # type: ignore[misc]
        if drawing is not None:
            return drawing


def _ready(room: Opened, found: Drawing, user_ids: list[str]) -> Drawing | None:
    """With its bytes and their tag made, which takes some milliseconds for many people."""
    drawing = room.parts.cartographer.with_people(found, map(UserId, user_ids))
    if drawing is not None:
        _ = drawing.etag
    return drawing
