"""Where listening came from, and what follows from that. Pure; each source names itself in ``TasteProfile.source``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from features.listening import Listening
from features.profile import UserId
from features.user_features import UserFeatures

SPOTIFY_PUBLIC, SPOTIFY_LOGIN = "spotify-api", "spotify-login"
SPOTIFY_EARLIER = "feature-group-2"
"""Public profiles that an earlier program read, of which it kept the vectors alone."""
SPOTIFY_API = frozenset({SPOTIFY_PUBLIC, SPOTIFY_LOGIN, SPOTIFY_EARLIER})
"""Sources that were read from Spotify's Web API, whose terms do not let it train models or be kept for good."""


def is_of_spotify_api(person: UserFeatures) -> bool:
    """Whether the listening was read from Spotify's Web API."""
    return person.source in SPOTIFY_API


def may_be_replaced(person: UserFeatures) -> bool:
    """Whether a public profile may take a person's place: what they brought themselves is more, and theirs."""
    return person.source in {SPOTIFY_PUBLIC, SPOTIFY_EARLIER}


def lent(listening: Listening, source: str) -> Listening:
    """What of a listening others may be filled from: of what was read from Spotify's Web API nothing but the artists.

    It would stay with the others when its own row is gone, and be trained on as theirs.
    """
    if source not in SPOTIFY_API:
        return listening
    return replace(listening, genres={}, filled_years=frozenset(listening.artists))


def for_training(people: Iterable[UserFeatures], *, with_spotify_api: bool) -> list[UserFeatures]:
    """Those whose listening a model may be trained and proven on."""
    return [person for person in people if with_spotify_api or not is_of_spotify_api(person)]


def is_expired(person: UserFeatures, *, now: datetime, after: timedelta) -> bool:
    """Whether the listening was read from Spotify's Web API more than ``after`` ago and not again since."""
    return is_of_spotify_api(person) and now - person.updated_at > after


def expired(batches: Iterable[Sequence[UserFeatures]], *, now: datetime, after: timedelta) -> Iterator[UserId]:
    """Those of the people whose listening ``is_expired``."""
    for batch in batches:
        yield from (person.user_id for person in batch if is_expired(person, now=now, after=after))
