"""The HTTP rim: routes to the service, its background thread, and the OpenAPI document. No logic of its own."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

import anyio
import orjson
from fastapi import FastAPI, Form, Request, Response

from features.errors import SoundalikeError
from features.profile import UserId, UserIdText
from features.sources import SourceLimits, read_upload
from retriever import documents, problems
from retriever.answers import Person, Recommendations, SimilarPeople
from retriever.errors import UnsupportedBody
from retriever.follower import Follower
from retriever.limits import BodyLimit
from retriever.parts import Parts
from retriever.schemas import Ask, Near, Upload

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


def create_app(parts: Parts) -> FastAPI:
    """The application over a service that is ready to answer; closing the application closes the service."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_warm_up, args=(parts.warm_up,), name="warm-up", daemon=True).start()
        follower = Follower(parts.service.live, parts.settings)
        follower.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(follower.stop)
            await anyio.to_thread.run_sync(parts.close)

    app = FastAPI(
        title="Soundalike",
        description=documents.DESCRIPTION,
        version=documents.VERSION,
        lifespan=lifespan,
        responses=documents.PROBLEMS,
    )
    problems.install(app)
    run = _Workers(parts.settings.worker_threads)
    _add_questions(app, parts, run)
    _add_people(app, parts, run)
    _add_health(app, parts, run)
    app.add_middleware(BodyLimit, max_body_bytes=parts.settings.max_body_mb * 2**20)
    documents.describe_bodies(app)
    return app


def _add_questions(app: FastAPI, parts: Parts, run: _Workers) -> None:
    service = parts.service
    limits = SourceLimits.from_settings(parts.features)

    @app.post("/v1/recommendations", response_model=Recommendations, openapi_extra=documents.ASK, tags=["ask"])
    async def recommend(request: Request) -> Response:
        """The people nearest to a profile, or to somebody known, with reasons; and artists to discover."""
        media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedBody(f"The body is {media_type}.", "Send application/json.")
        body = await request.body()

        def answer() -> Recommendations:
            ask = Ask.parse(body)
            if ask.profile is not None:
                return service.recommend(ask.profile, ask.options())
            return service.recommend_known(UserId(ask.user_id or ""), ask.options())

        return _json(await run(answer))

    @app.post("/v1/profiles", response_model=Recommendations, tags=["ask"])
    async def upload(form: Annotated[Upload, Form(media_type="multipart/form-data")]) -> Response:
        """The same for an uploaded file: Spotify's data export, Exportify's CSV or ZIP, or one profile as JSON."""

        def answer() -> Recommendations:
            profile = read_upload(form.file.file, form.file.filename or "upload", limits)
            return service.recommend(parts.identified(profile), form.options())

        return _json(await run(answer))


def _add_people(app: FastAPI, parts: Parts, run: _Workers) -> None:
    service = parts.service

    @app.get("/v1/users/{user_id}/similar", response_model=SimilarPeople, openapi_extra=documents.NEAR, tags=["ask"])
    async def similar(request: Request) -> Response:
        """The people nearest to somebody known."""
        near = Near.parse({**request.query_params, **request.path_params})
        # Inline: it takes less than handing it to a thread, and the engine would hold the GIL there as well.
        return _json(service.similar(UserId(near.user_id), near.limit))

    @app.get("/v1/users/{user_id}", response_model=Person, tags=["people"])
    async def person(user_id: UserIdText) -> Response:
        """What is kept of a person, in brief."""
        return _json(await run(lambda: service.person(UserId(user_id))))

    @app.delete("/v1/users/{user_id}", status_code=204, response_class=Response, tags=["people"])
    async def forget(user_id: UserIdText) -> Response:
        """Delete a person from both stores."""
        await run(lambda: service.forget(UserId(user_id)))
        return Response(status_code=204)


def _add_health(app: FastAPI, parts: Parts, run: _Workers) -> None:
    service = parts.service

    @app.get("/healthz", tags=["health"])
    async def healthz() -> Response:
        """Whether the process lives; touches nothing else."""
        return _json({"status": "alive"})

    @app.get("/readyz", tags=["health"])
    async def readyz() -> Response:
        """Whether questions can be answered, and with what."""
        try:
            answer = await run(service.readiness)
        except SoundalikeError as error:
            return _json({"status": "not ready", "reasons": [str(error)]}, 503)
        return _json(answer, 503 if answer.reasons else 200)

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return _json({"name": "Soundalike", "docs": "/docs", "openapi": "/openapi.json"})


class _Workers:
    """Runs blocking work in a bounded number of threads; the rest waits without blocking the event loop."""

    def __init__(self, threads: int) -> None:
        self._limiter = anyio.CapacityLimiter(threads)

    async def __call__(self, work: Callable[[], _Answer]) -> _Answer:
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


def _json(answer: Any, status: int = 200) -> Response:  # noqa: ANN401 - any dataclass of answers
    return Response(orjson.dumps(answer), status, media_type="application/json")


def _warm_up(load: Callable[[], None]) -> None:
    try:
        load()
    except SoundalikeError as error:
        _log.warning("new texts cannot be encoded: %s", error)
    # What is loaded by now stays for good; looking through it for garbage would stop all requests for 0.2 s at times.
    gc.collect()
    gc.freeze()
