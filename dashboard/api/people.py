"""Answers about people, as far as the dashboard shows them. A test holds them against the API's own document."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Part of an answer; members that the dashboard does not show are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Towers(Answer):
    """Cosine of two people by part of their taste; None where one of them lacks that part."""

    genre: float | None
    artist: float | None
    playlist: float | None


class Decade(Answer):
    """How much of the listening of each of two people was released in a decade."""

    decade: str
    one: float
    other: float


class Eras(Answer):
    """Release years side by side; ``overlap`` 0 to 1."""

    overlap: float
    decades: tuple[Decade, ...]


class Recommendation(Answer):
    """A person with kindred taste, and why. Percentile 0 to 100, similarity -1 to 1, confidence 0 to 1.

    ``eras``: of who asks (one) beside theirs (other).
    """

    user_id: str
    display_name: str | None
    profile_url: str | None
    similarity: float
    percentile: float | None
    confidence: float
    shared_artists: tuple[str, ...]
    shared_genres: tuple[str, ...]
    towers: Towers
    eras: Eras | None


class Discovery(Answer):
    """An artist that the nearest people love and the asker does not have."""

    artist: str
    score: float
    people: int


class Coverage(Answer):
    """Share of the listening with known genres and release years, 0 to 1."""

    genres: float
    years: float


class Recommendations(Answer):
    """The nearest people, most similar first, and artists to discover.

    ``leave_code``: of who joined with a profile that is their own, by which the API knows them later.
    """

    user_id: str | None
    model_version: int
    index: str
    coverage: Coverage | None
    stored: bool
    recommendations: tuple[Recommendation, ...]
    discoveries: tuple[Discovery, ...]
    leave_code: str | None


class Counts(Answer):
    """How much of a person's listening is kept."""

    playlists: int
    artists: int
    genres: int


class Person(Answer):
    """What is kept of a person, in brief. ``decades``: share of the listening by decade, such as 1990s."""

    user_id: str
    display_name: str | None
    profile_url: str | None
    source: str
    updated_at: datetime
    counts: Counts
    top_artists: tuple[str, ...]
    top_genres: tuple[str, ...]
    decades: dict[str, float]


class Side(Answer):
    """One of two people who are compared; ``only``: artists that the other one does not have."""

    user_id: str
    display_name: str | None
    profile_url: str | None
    only: tuple[str, ...]


class Compatibility(Answer):
    """How two people fit; ``score`` 0 to 100."""

    one: Side
    other: Side
    score: float
    similarity: float
    percentile: float | None
    confidence: float
    towers: Towers
    shared_artists: tuple[str, ...]
    shared_genres: tuple[str, ...]
    eras: Eras | None


class Export(Answer):
    """All that is kept of somebody, of which only whose it is is read here."""

    user_id: str


class LoggedIn(Answer):
    """Who is logged in with Spotify; None where nobody is."""

    user_id: str | None


class Disconnected(Answer):
    """Who was logged in, and whether a person was deleted with the login."""

    user_id: str | None
    deleted: bool
