"""What is kept of a person, and their leaving."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from features.profile import UserId, UserIdText
from retriever import documents
from retriever.about import Export, brief_of, export_of
from retriever.access.idempotency import Done
from retriever.access.request_key import fingerprint, request_key_of
from retriever.answers import Person
from retriever.routes.common import opened, tagged

router = APIRouter(tags=["people"])


@router.get("/v1/users/{user_id}", response_model=Person, responses=documents.TAGGED)
async def person(request: Request, user_id: UserIdText) -> Response:
    """What is kept of a person who can be found, in brief."""
    room = opened(request)

    async def answer() -> Person:
        return await room.workers.run(lambda: brief_of(room.parts.members.findable(UserId(user_id))))

    return tagged(request, await room.workers.admit(answer))


@router.get("/v1/users/{user_id}/export", response_model=Export, responses=documents.TAGGED)
async def export(request: Request, user_id: UserIdText) -> Response:
    """All that is kept of a person, for that person."""
    room = opened(request)

    def everything() -> Export:
        known = room.parts.members.known(UserId(user_id))
        with room.parts.live.lease() as unit:
            return export_of(known, unit.index.get([known.user_id]).get(known.user_id), unit.version.name)

    return tagged(request, await room.workers.admit(lambda: room.workers.run(everything)))


@router.delete("/v1/users/{user_id}", status_code=204, response_class=Response)
async def forget(request: Request, user_id: UserIdText) -> Response:
    """Delete a person: out of all answers at once, out of both stores with the next delivery, for good."""
    room, key = opened(request), request_key_of(request.scope)

    async def work() -> Done:
        await room.workers.run(lambda: room.parts.members.forget(UserId(user_id)))
        return Done(Response(status_code=204))

    printed = fingerprint("DELETE", request.url.path)
    return await room.workers.admit(lambda: room.parts.idempotent.run(key, printed, work))
