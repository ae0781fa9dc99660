"""Who listens alike: questions about people in the index, which change nothing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from features.profile import UserId, UserIdText
from retriever import documents
from retriever.answers import SimilarPeople
from retriever.answers_compatibility import Compatibility
from retriever.nearest import Near
from retriever.options import ANYBODY
from retriever.routes.common import INDEX_HEADER, MODEL_HEADER, labelled, opened, tagged, unless_known, versions_of
from retriever.schemas_near import NearQuery

router = APIRouter(tags=["ask"])
KEPT_HEADERS = ("content-type", "etag", MODEL_HEADER, INDEX_HEADER)


@router.get(
    "/v1/users/{user_id}/similar",
    response_model=SimilarPeople,
    responses=documents.TAGGED_OF_INDEX,
    openapi_extra=documents.NEAR,
)
async def similar(request: Request) -> Response:
    """The people nearest to somebody known, page by page."""
    room, key = opened(request), (request.scope["path"], request.scope["query_string"])
    kept = room.recent.get(key)
    if kept is not None:
        again = Response(kept.body, headers={name: kept.headers[name] for name in KEPT_HEADERS})
        return unless_known(request, again)
    asked = NearQuery.parse(request.path_params["user_id"], request.query_params).near()
    service, generation = room.parts.service, room.parts.live.generation
    if not _is_quick(asked):
        page = await room.workers.admit(lambda: room.workers.run(lambda: service.similar(asked)))
        return tagged(request, page, versions_of(page))
    if room.parts.live.is_shared:
        found = await room.workers.admit(lambda: room.workers.run(lambda: service.similar(asked)))
    else:  # Inline: it takes less than handing it to a thread, and the engine would hold the GIL there as well.
        found = service.similar(asked)
    answer = labelled(found, versions_of(found))
    room.recent.put(key, answer, generation)
    return unless_known(request, answer)


@router.get("/v1/users/{a}/compatibility/{b}", response_model=Compatibility, responses=documents.TAGGED_OF_INDEX)
async def compatibility(request: Request, a: UserIdText, b: UserIdText) -> Response:
    """How two people fit, and why: the same from both sides."""
    room = opened(request)

    def work() -> Compatibility:
        return room.parts.service.compatibility(UserId(a), UserId(b))

    answer = await room.workers.admit(lambda: room.workers.run(work))
    return tagged(request, answer, versions_of(answer))


def _is_quick(asked: Near) -> bool:
    return asked.cursor is None and asked.choice is ANYBODY
