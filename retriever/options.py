"""How an asker wants to be answered. Pure data; how it is read from a request lives in ``retriever.schemas``."""

from __future__ import annotations

from dataclasses import dataclass

from features.compact import NO_LIMITS, Limits
from features.profile import UserId
from indexer.ports import EVERYBODY, Where

MAX_LIMIT = 100
DEFAULT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """Who may be recommended.

    Attributes:
        where: whom a search may find.
        exclude: whom it must not find; the asker and the examples need not be named.
        diversity: 0 names the most similar people, 1 the most different ones; see ``retriever.diversity``.
    """

    where: Where = EVERYBODY
    exclude: tuple[UserId, ...] = ()
    diversity: float = 0.0


ANYBODY = Choice()
"""Bars nobody, the most similar first."""


@dataclass(frozen=True, slots=True)
class Examples:
    """People in the index, and artists by name, that are liked or that are not."""

    users: tuple[UserId, ...] = ()
    artists: tuple[str, ...] = ()


NO_EXAMPLES = Examples()


@dataclass(frozen=True, slots=True)
class Options:
    """How a question is to be answered.

    Attributes:
        limit: how many people to recommend.
        limits: how much of the asker's profile to use.
        remember: whether an asker who is new joins the community.
        choice: who may be recommended.
        like: what bends the question towards it.
        unlike: what bends it away.
        leave_code: whether who joins is given a code to leave with.
    """

    limit: int = DEFAULT_LIMIT
    limits: Limits = NO_LIMITS
    remember: bool = True
    choice: Choice = ANYBODY
    like: Examples = NO_EXAMPLES
    unlike: Examples = NO_EXAMPLES
    leave_code: bool = False
