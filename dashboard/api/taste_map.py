"""The answer about everybody on a plane. A test holds it against the API's own document."""

from __future__ import annotations

from dashboard.api.people import Answer


class TasteMap(Answer):
    """Everybody as a point, in columns of equal length."""

    class Points(Answer):
        """The columns."""

        user_id: tuple[str, ...]
        name: tuple[str | None, ...]
        x: tuple[float, ...]
        y: tuple[float, ...]
        genre: tuple[str | None, ...]

    index: str
    method: str
    explained: tuple[float, ...]
    people: int
    points: Points
