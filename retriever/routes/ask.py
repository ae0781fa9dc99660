"""Who listens alike: questions about profiles, files and people who are known; they may take people in."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from features.errors import SpotifyLoginEnded
from features.listener import Listener
from features.profile import TasteProfile, UserId
from features.sources import SourceLimits, read_upload
from retriever import documents
from retriever.access.idempotency import Done
from retriever.access.request_key import RequestKey, fingerprint, request_key_of, user_id_for
from retriever.answers import Recommendations
from retriever.batch import Results, answered, listeners_of, people_in, understood
from retriever.browser_session import session_of
from retriever.elsewhere import Place
from retriever.options import Options
from retriever.reading import told_in_full
from retriever.routes.common import Opened, json_body, opened, versioned
from retriever.schemas import Ask, Batch, Upload

router = APIRouter(tags=["ask"])


@router.post(
    "/v1/recommendations", response_model=Recommendations, responses=documents.ASKED, openapi_extra=documents.ASK
)
async def recommend(request: Request) -> Response:
    """The people nearest to a profile, or to somebody known, with reasons; and artists to discover."""
    room, body, key = opened(request), await json_body(request), request_key_of(request.scope)
    session = session_of(request)
    printed = fingerprint("POST", request.url.path, body, session)

    async def work() -> Done:
        ask = await room.workers.run(lambda: Ask.parse(body))
        place, options, profile = ask.place, ask.options(), ask.profile
        if place is not None:
            profile = await _read(room, place, session)
        if profile is None:
            asker = ask.known_asker
            return Done(versioned(await room.workers.run(lambda: room.parts.service.recommend_known(asker, options))))
        told, otherwise = profile, _id_by(key, printed)
        listener = await room.workers.run(lambda: room.parts.service.listener(told, otherwise=otherwise))
        return await _recommended(room, listener, options)

    return await room.workers.admit(lambda: room.parts.idempotent.run(key, printed, work))


@router.post(
    "/v1/recommendations:batch", response_model=Results, responses=documents.OF_INDEX, openapi_extra=documents.BATCH
)
async def recommend_many(request: Request) -> Response:
    """Up to 100 questions at once, each answered for itself, in their order; all profiles are encoded together."""
    room, body, key = opened(request), await json_body(request), request_key_of(request.scope)
    printed, path, service = fingerprint("POST", request.url.path, body), request.url.path, room.parts.service

    def id_of(place: int) -> UserId | None:
        return _id_by(key, fingerprint(printed, str(place)))

    async def work() -> Done:
        questions = await room.workers.run(lambda: understood(Batch.parse(body).asks, service, id_of))
        listeners = listeners_of(questions)
        people = await asyncio.wrap_future(room.parts.encoding.submit(listeners)) if listeners else []
        results = await room.workers.run(lambda: answered(questions, people, service, path))
        return Done(versioned(results), people_in([result.answer for result in results.results if result.answer]))

    return await room.workers.admit(lambda: room.parts.idempotent.run(key, printed, work))


@router.post(
    "/v1/profiles", response_model=Recommendations, responses=documents.OF_SOMEBODY, openapi_extra=documents.UPLOAD
)
async def upload(request: Request, form: Annotated[Upload, Form(media_type="multipart/form-data")]) -> Response:
    """The same for an uploaded file: Spotify's data export, Exportify's CSV or ZIP, or one profile as JSON."""
    room, key, options = opened(request), request_key_of(request.scope), form.options()
    told_in_full((await request.form()).multi_items())

    def read() -> Listener:
        limits = SourceLimits.from_settings(room.parts.features)
        profile = read_upload(form.file.file, form.file.filename or "upload", limits)
        return room.parts.service.listener(room.parts.identified(profile))

    async def work() -> Done:
        return await _recommended(room, await room.workers.run(read), options)

    async def answer() -> Response:
        printed = b"" if key is None else await room.workers.run(lambda: _upload_printed(request.url.path, form))
        return await room.parts.idempotent.run(key, printed, work)

    return await room.workers.admit(answer)


async def _read(room: Opened, place: Place, session: str) -> TasteProfile:
    """The profile at a place; who took a login back at Spotify has taken back what was read with it."""
    try:
        return await room.readers.run(lambda: room.parts.elsewhere.read(place, session))
    except SpotifyLoginEnded as ended:
        whose = ended.user_id
        await room.workers.run(lambda: room.parts.members.forget_spotify(whose))
        raise


async def _recommended(room: Opened, listener: Listener, options: Options) -> Done:
    (person,) = await asyncio.wrap_future(room.parts.encoding.submit([listener]))
    answer = await room.workers.run(lambda: room.parts.service.recommend(person, options))
    return Done(versioned(answer), people_in([answer]))


def _id_by(key: RequestKey | None, printed: bytes) -> UserId | None:
    """The id for a profile without one, so that a repeated request is about the same person; None: any new one."""
    return None if key is None else user_id_for(key, printed)


def _upload_printed(path: str, form: Upload) -> bytes:
    content = form.file.file.read()
    form.file.file.seek(0)
    return fingerprint("POST", path, form.file.filename or "", content, repr(form.options()))
