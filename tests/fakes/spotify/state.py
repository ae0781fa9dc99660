"""What the handlers share, and what a test may change while the stand-in runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .tokens import Tokens
from .world import World

Mode: TypeAlias = Literal["extended", "dev"]
Genres: TypeAlias = Literal["filled", "absent", "null", "empty"]
MOST_REGISTERED = 5
CALLBACK = "/v1/spotify/callback"


@dataclass
class State:
    """The stand-in's state; everything may be set at any time.

    Attributes:
        mode: ``extended`` quota, or ``dev`` as development mode is since February 2026.
        latency_s: seconds that every answer takes.
        logs_in_as: who agrees at ``/authorize``; None shows a page to choose on, as for a demo.
        denies: whether they refuse.
        genres: how artists tell their genres; None is "filled" in extended mode and "absent" in dev.
        rotates: whether a refresh gives a new refresh token and the old one dies; else it gives none.
        page_url: where ``next`` and ``href`` of pages lead, if not here: a client must not send its token there.
    """

    world: World
    mode: Mode = "extended"
    latency_s: float = 0.0
    logs_in_as: str | None = None
    denies: bool = False
    genres: Genres | None = None
    rotates: bool = False
    page_url: str | None = None
    redirect_url: str = f"http://127.0.0.1:8000{CALLBACK}"
    client_id: str = field(default_factory=lambda: secrets.token_hex(16))
    client_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    api_url: str = ""
    accounts_url: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    unhandled: list[str] = field(default_factory=list)
    _registered: frozenset[str] | None = None

    @property
    def is_dev(self) -> bool:
        return self.mode == "dev"

    @property
    def told_genres(self) -> Genres:
        """How artists tell their genres now."""
        return self.genres or ("absent" if self.is_dev else "filled")

    def register(self, people: Iterable[str]) -> None:
        """Put people, and nobody else, on the list of those that may use an app in development mode.

        Raises:
            ValueError: they are more than Spotify allows.
        """
        registered = frozenset(people)
        if len(registered) > MOST_REGISTERED:
            raise ValueError(f"An app in development mode has at most {MOST_REGISTERED} users.")
        self._registered = registered

    def is_registered(self, person: str) -> bool:
        """Whether a person is on that list; until there is one, everybody is."""
        return self._registered is None or person in self._registered
