"""How a question for soundalikes is put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["spotify_url", "spotify_login", "listenbrainz", "user_id"]
"""Where the API reads a profile that is not sent, or that it is somebody's who is known."""


@dataclass(frozen=True)
class Asked:
    """How a question is asked.

    Attributes:
        top_artists: use the heaviest so many only; None for all.
        playlists: use the first so many only; None for all.
        remember: whether who asks joins the community, and gets a code to leave with.
        limit: how many people to recommend.
    """

    top_artists: int | None = None
    playlists: int | None = None
    remember: bool = False
    limit: int = 10

    def fields(self) -> dict[str, int | bool]:
        """As the API names them, without those that are not limited."""
        named = {"limit": self.limit, "top_artists": self.top_artists, "playlists": self.playlists}
        joins = {"remember": self.remember, **({"leave_code": True} if self.remember else {})}
        return {**{name: value for name, value in named.items() if value is not None}, **joins}
