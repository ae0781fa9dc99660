"""The HTTP rim, put together: what is opened for as long as the application runs, its routes and its middlewares."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from features.errors import SoundalikeError
from retriever import documents, problems
from retriever.access.wiring import guard
from retriever.limits import BodyLimit
from retriever.observe.metrics import Metrics
from retriever.observe.tracing import Tracing
from retriever.parts import Parts
from retriever.recent import RecentAnswers
from retriever.routes import admin, ask, health, near, overview, people, spotify
from retriever.routes.common import Opened
from retriever.settings import RetrieverSettings
from retriever.workers import Workers

_log = logging.getLogger(__name__)


def create_app(open_parts: Callable[[Metrics], Parts], settings: RetrieverSettings) -> FastAPI:
    """The application; ``open_parts`` is called when it starts, and what it gave is closed when it stops.

    Raises:
        SettingsError, NoKeys, KeyFileError: the server would let in whom it should not; see ``access.wiring.guard``.
    """
    metrics = Metrics()
    tracing = Tracing() if settings.tracing else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts = await anyio.to_thread.run_sync(open_parts, metrics)
        recent = RecentAnswers(lambda: parts.live.generation, settings.recent_answers_mb * 2**20)
        workers = _workers(settings, settings.worker_threads)
        readers = _workers(settings, settings.reading_threads)
        app.state.opened = Opened(parts, workers, readers, metrics, recent)
        warm_up = threading.Thread(target=_warm_up, args=(parts.warm_up,), name="warm-up", daemon=True)
        warm_up.start()
        parts.start()
        try:
            yield
        finally:
            # First, since nothing may be closed under it; and a process that ends while a model is being loaded is
            # aborted by the model's own threads.
            await anyio.to_thread.run_sync(warm_up.join)
            await anyio.to_thread.run_sync(parts.stop)
            if tracing is not None:
                await anyio.to_thread.run_sync(tracing.close)

    app = FastAPI(
        title="Soundalike",
        description=documents.DESCRIPTION,
        version=documents.VERSION,
        lifespan=lifespan,
        responses=documents.PROBLEMS,
        # FastAPI's own would write paths, and so the ids of people, into spans; ours is in retriever.observe.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    for room in (ask, near, people, overview, spotify, health, admin):
        app.include_router(room.router)
    app.add_middleware(BodyLimit, max_body_bytes=settings.max_body_mb * 2**20, max_body_s=settings.request_timeout_s)
    documents.describe_bodies(app)
    guard(app, settings, metrics, tracing)
    return app


def _workers(settings: RetrieverSettings, threads: int) -> Workers:
    return Workers(
        threads=threads,
        most_at_once=settings.max_requests_at_once,
        deadline_s=settings.request_timeout_s,
    )


def _warm_up(load: Callable[[], None]) -> None:
    try:
        load()
    except SoundalikeError as error:
        _log.warning("new texts cannot be encoded: %s", error)
    # What is loaded by now stays for good; looking through it for garbage would stop all requests for 0.2 s at times.
    gc.collect()
    gc.freeze()
