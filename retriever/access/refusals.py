"""How the middlewares of this package turn a request away: a problem document, a number, a word in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from features.errors import SoundalikeError
from retriever.observe.metrics import Refusal
from retriever.observe.seen import seen
from retriever.problems import problem_of, respond

OnRefusal = Callable[[Refusal], None]
"""Told of each request that is turned away."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is to be turned away.

    Attributes:
        reason: for the metrics.
        error: what the client is told.
        headers: of the answer.
    """

    reason: Refusal
    error: SoundalikeError
    headers: Mapping[str, str]

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request of ``scope`` so."""
        seen(scope).code = self.error.code
        await respond(problem_of(self.error, scope["path"]), self.headers)(scope, receive, send)
