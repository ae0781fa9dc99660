"""People to choose from by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from dashboard.api.taste_map import TasteMap
from dashboard.views.words import named


def names_of(points: TasteMap.Points, mine: Collection[str] = ()) -> dict[str, str]:
    """Ids and what to call them, in the order of the alphabet; no two alike, so that a name means one person.

    ``mine``: ids of the visitor.
    """
    called = {
        user_id: named(name, user_id) + (" (you)" if user_id in mine else "")
        for user_id, name in zip(points.user_id, points.name, strict=True)
    }
    times = Counter(called.values())
    told = {user_id: name if times[name] == 1 else f"{name} · {user_id}" for user_id, name in called.items()}
    return dict(sorted(told.items(), key=lambda each: (each[1].casefold(), each[0])))
