"""Who listens alike: questions about a profile, a file, or somebody known."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from features.listener import Listener
from features.profile import UserId
from features.sources import SourceLimits, read_upload
from retriever import documents
from retriever.answers import Recommendations, SimilarPeople
from retriever.errors import UnsupportedBody
from retriever.options import Options
from retriever.routes.common import Opened, opened, versioned
from retriever.schemas import Ask, Near, Upload

router = APIRouter(tags=["ask"])


@router.post("/v1/recommendations", response_model=Recommendations, openapi_extra=documents.ASK)
async def recommend(request: Request) -> Response:
    """The people nearest to a profile, or to somebody known, with reasons; and artists to discover."""
    body, room = await _json_body(request), opened(request)

    def understood() -> tuple[Listener | UserId, Options]:
        ask = Ask.parse(body)
        if ask.profile is not None:
            return room.parts.service.listener(ask.profile), ask.options()
        return UserId(ask.user_id or ""), ask.options()

    async def answer() -> Recommendations:
        asker, options = await room.workers.run(understood)
        if isinstance(asker, Listener):
            return await _recommended(room, asker, options)
        return await room.workers.run(lambda: room.parts.service.recommend_known(asker, options))

    return versioned(await room.workers.admit(answer))


@router.post("/v1/profiles", response_model=Recommendations)
async def upload(request: Request, form: Annotated[Upload, Form(media_type="multipart/form-data")]) -> Response:
    """The same for an uploaded file: Spotify's data export, Exportify's CSV or ZIP, or one profile as JSON."""
    room = opened(request)

    def understood() -> Listener:
        limits = SourceLimits.from_settings(room.parts.features)
        profile = read_upload(form.file.file, form.file.filename or "upload", limits)
        return room.parts.service.listener(room.parts.identified(profile))

    async def answer() -> Recommendations:
        return await _recommended(room, await room.workers.run(understood), form.options())

    return versioned(await room.workers.admit(answer))


@router.get("/v1/users/{user_id}/similar", response_model=SimilarPeople, openapi_extra=documents.NEAR)
async def similar(request: Request) -> Response:
    """The people nearest to somebody known."""
    near = Near.parse({**request.query_params, **request.path_params})
    # Inline: it takes less than handing it to a thread, and the engine would hold the GIL there as well.
    return versioned(opened(request).parts.service.similar(UserId(near.user_id), near.limit))


async def _recommended(room: Opened, listener: Listener, options: Options) -> Recommendations:
    (person,) = await asyncio.wrap_future(room.parts.encoding.submit([listener]))
    return await room.workers.run(lambda: room.parts.service.recommend(person, options))


async def _json_body(request: Request) -> bytes:
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedBody(f"The body is {media_type}.", "Send application/json.")
    return await request.body()
