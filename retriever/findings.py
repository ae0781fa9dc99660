"""From pydantic's error lists to ``Finding``: where in the request, and what about it; never the value sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retriever.errors import Finding

MAX_FINDINGS = 50
_HIDDEN_WHERE = frozenset({"function-after", "function-before", "nullable"})


def findings_of(errors: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """The first ``MAX_FINDINGS`` of pydantic's errors, as FastAPI or a model's ``errors()`` lists them."""
    return tuple(Finding(_where(error["loc"]), _what(error["msg"])) for error in errors[:MAX_FINDINGS])


def _where(location: Sequence[str | int]) -> str:
    parts = [str(part) for part in location if part not in _HIDDEN_WHERE]
    return ".".join(part.encode("unicode_escape").decode("ascii")[:80] for part in parts) or "body"


def _what(message: str) -> str:
    return message.removeprefix("Value error, ")
