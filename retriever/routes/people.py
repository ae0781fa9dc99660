"""What is kept of a person, and their leaving."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from features.errors import UnknownUser
from features.profile import UserId, UserIdText
from retriever import documents
from retriever.about import Export, brief_of, export_of
from retriever.access.idempotency import Done
from retriever.access.request_key import fingerprint, request_key_of
from retriever.answers import Person
from retriever.errors import WrongLeaveCode
from retriever.routes.common import Opened, json_answer, json_body, opened, tagged
from retriever.schemas import Mine

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
    return tagged(
        request, await room.workers.admit(lambda: room.workers.run(lambda: _everything(room, UserId(user_id))))
    )


@router.post("/v1/mine/export", response_model=Export, openapi_extra=documents.MINE)
async def export_mine(request: Request) -> Response:
    """All that is kept of whoever has a leave code; its answer says by which id they can be deleted."""
    room, asked = opened(request), Mine.parse(await json_body(request))

    def everything() -> Export:
        user_id, given_at = room.parts.codes.whose(asked.leave_code)
        try:
            found = _everything(room, user_id)
        except UnknownUser:
            raise WrongLeaveCode from None
        if found.consented_at is None or found.consented_at > given_at:  # another server took them in since
            raise WrongLeaveCode
        return found

    return json_answer(await room.workers.admit(lambda: room.workers.run(everything)))


@router.delete("/v1/users/{user_id}", status_code=204, response_class=Response)
async def forget(request: Request, user_id: UserIdText) -> Response:
    """Delete a person: out of all answers at once, out of both stores with the next delivery, for good."""
    room, key = opened(request), request_key_of(request.scope)

    async def work() -> Done:
        await room.workers.run(lambda: room.parts.members.forget(UserId(user_id)))
        return Done(Response(status_code=204))

    printed = fingerprint("DELETE", request.url.path)
    return await room.workers.admit(lambda: room.parts.idempotent.run(key, printed, work))


def _everything(room: Opened, user_id: UserId) -> Export:
    known = room.parts.members.known(user_id)
    with room.parts.live.lease() as unit:
        return export_of(known, unit.index.get([known.user_id]).get(known.user_id), unit.version.name)
