"""What the operator does over the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from retriever import documents
from retriever.access.idempotency import Done
from retriever.access.request_key import fingerprint, request_key_of
from retriever.errors import UnsupportedBody
from retriever.jobs import Job, JobList
from retriever.reconcile import Reconciled
from retriever.routes.common import json_answer, json_body, opened
from retriever.schemas import JobAsk

router = APIRouter(tags=["admin"])


@router.post("/v1/admin/reconcile", response_model=Reconciled)
async def reconcile(
    request: Request, dry_run: Annotated[bool, Query(description="Look, and change nothing.")] = False
) -> Response:
    """Compare the feature store with the index, person by person, and mend the difference."""
    room = opened(request)

    def answer() -> Reconciled:
        reconciler = room.parts.reconciler
        return Reconciled.of(reconciler.compare() if dry_run else reconciler.mend(), dry_run=dry_run)

    return json_answer(await room.workers.run(answer))  # takes as long as it takes


@router.post("/v1/admin/jobs", status_code=202, response_model=Job, openapi_extra=documents.JOB)
async def begin(request: Request) -> Response:
    """Begin to build the index, to train a model, or to go back to the former index; one job at a time."""
    if "content-type" not in request.headers:
        # What a page of another site cannot send from somebody's browser without asking first.
        raise UnsupportedBody("The request does not say what its body is.", "Send application/json.")
    room, body, key = opened(request), await json_body(request), request_key_of(request.scope)

    async def work() -> Done:
        job = room.parts.jobs.begin(JobAsk.parse(body).kind)
        return Done(json_answer(job, 202))

    printed = fingerprint("POST", request.url.path, body)
    return await room.workers.admit(lambda: room.parts.idempotent.run(key, printed, work))


@router.get("/v1/admin/jobs", response_model=JobList)
async def jobs(request: Request) -> Response:
    """The jobs that were begun since the server started, newest first, with the last that each has said."""
    return json_answer(opened(request).parts.jobs.seen())
