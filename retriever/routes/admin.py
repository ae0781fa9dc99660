"""What the operator does over the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from retriever.reconcile import Reconciled
from retriever.routes.common import json_answer, opened

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
