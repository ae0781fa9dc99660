"""How an asker wants to be answered. Pure data; how it is read from a request lives in ``retriever.schemas``."""

from __future__ import annotations

from dataclasses import dataclass

from features.compact import NO_LIMITS, Limits

MAX_LIMIT = 100
DEFAULT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Options:
    """How many people to recommend, how much of the profile to use, and whether the asker joins the community."""

    limit: int = DEFAULT_LIMIT
    limits: Limits = NO_LIMITS
    remember: bool = True
