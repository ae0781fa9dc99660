"""What is asked about somebody known: out of a path and a query, validated."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams

from features.profile import UserId, UserIdText
from retriever.fields import ActiveSince, Diversity, Limit, MinArtists, Sources, choice_of
from retriever.nearest import Near
from retriever.options import ANYBODY, DEFAULT_LIMIT
from retriever.reading import fitting, told_once

_LISTS = frozenset({"source"})
Cursor = Annotated[
    str | None,
    Field(max_length=200, description="next_cursor of the page before; without it, the first page is shown."),
]


class NearQuery(BaseModel):
    """A question for the people nearest to somebody known."""

    model_config = ConfigDict(frozen=True)

    user_id: UserIdText
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None
    source: Sources = []
    min_artists: MinArtists = 0
    active_since: ActiveSince = None
    diversity: Diversity = 0.0

    @classmethod
    def parse(cls, user_id: str, query: QueryParams) -> Self:
        """Read the parameters; unknown ones are ignored. Raises InvalidRequest."""
        given: dict[str, object] = {**query}
        if len(query.multi_items()) > len(given):
            told_once(name for name, _ in query.multi_items() if name not in _LISTS)
        for name in _LISTS.intersection(given):
            given[name] = query.getlist(name)
        with fitting():
            return cls.model_validate({**given, "user_id": user_id})

    def near(self) -> Near:
        """The same as plain data."""
        is_plain = not (self.source or self.min_artists or self.active_since or self.diversity)
        choice = (
            ANYBODY if is_plain else choice_of(self.source, self.min_artists, self.active_since, [], self.diversity)
        )
        return Near(UserId(self.user_id), self.limit, self.cursor, choice)
