"""Who listens alike: questions about people in the index, which change nothing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from features.profile import UserId, UserIdText
from retriever import documents
from retriever.answers import SimilarPeople
from retriever.answers_compatibility import Compatibility
from retriever.nearest import Near
from retriever.options import ANYBODY
from retriever.routes.common import INDEX_HEADER, MODEL_HEADER, opened, tagged, versioned, versions_of
from retriever.schemas_near import NearQuery

router = APIRouter(tags=["ask"])
KEPT_HEADERS = ("content-type", MODEL_HEADER, INDEX_HEADER)


@router.get("/v1/users/{user_id}/similar", response_model=SimilarPeople, openapi_extra=documents.NEAR)
async def similar(request: Request) -> Response:
    """The people nearest to somebody known, page by page."""
    room, key = opened(request), (request.scope["path"], request.scope["query_string"])
    kept = room.recent.get(key)
    if kept is not None:
        return Response(kept.body, headers={name: kept.headers[name] for name in KEPT_HEADERS})
    asked = NearQuery.parse(request.path_params["user_id"], request.query_params).near()
    service, generation = room.parts.service, room.parts.live.generation
    if not _is_quick(asked):
        return versioned(await room.workers.admit(lambda: room.workers.run(lambda: service.similar(asked))))
    # Inline: it takes less than handing it to a thread, and the engine would hold the GIL there as well.
    answer = versioned(service.similar(asked))
    room.recent.put(key, answer, generation)
    return answer


@router.get("/v1/users/{a}/compatibility/{b}", response_model=Compatibility)
async def compatibility(request: Request, a: UserIdText, b: UserIdText) -> Response:
    """How two people fit, and why: the same from both sides."""
    room = opened(request)

    def work() -> Compatibility:
        return room.parts.service.compatibility(UserId(a), UserId(b))

    answer = await room.workers.admit(lambda: room.workers.run(work))
    return tagged(request, answer, versions_of(answer))


def _is_quick(asked: Near) -> bool:
    return asked.cursor is None and asked.choice is ANYBODY
