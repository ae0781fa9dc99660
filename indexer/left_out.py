"""Whom a rewritten version leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from indexer.points import Fields, content_of
from indexer.ports import Outdated


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Some points, and of the others whom ``outdated`` names."""

    points: frozenset[UUID]
    outdated: Outdated

    def others(self, payloads: Mapping[UUID, Fields]) -> frozenset[UUID]:
        """Those of some points, given with their payloads, who stay. Raises what ``outdated`` raises."""
        rest = {point: content_of(fields) for point, fields in payloads.items() if point not in self.points}
        named = frozenset(self.outdated(dict(rest.values())))
        return frozenset(point for point, (user_id, _) in rest.items() if user_id not in named)
