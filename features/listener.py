"""Listener: a profile compacted, which is all that features are made of. Pure; no vectors, no stores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from features.compact import NO_LIMITS, Limits, listening_of
from features.errors import EmptyProfile, InvalidProfile
from features.listening import Listening
from features.profile import TasteProfile, UserId


@dataclass(frozen=True, slots=True)
class Listener:
    """Who it is, where it was read from, and the listening; small enough to be handed from process to process."""

    user_id: UserId
    display_name: str | None
    profile_url: str | None
    source: str
    listening: Listening


def listener_of(profile: TasteProfile, limits: Limits = NO_LIMITS) -> Listener:
    """Compact a profile.

    Args:
        profile: with a ``user_id``.
        limits: how much of it to use.

    Raises:
        EmptyProfile: it has no track with an artist.
        InvalidProfile: it has no ``user_id``.
    """
    if profile.user_id is None:
        raise InvalidProfile("The profile has no user_id.", "Give the person an id.")
    listening = listening_of(profile, limits)
    if not listening.playlists:
        raise EmptyProfile("The profile holds no track with an artist.", "Add at least one playlist with a track.")
    return Listener(UserId(profile.user_id), profile.display_name, profile.profile_url, profile.source, listening)


def identified(profile: TasteProfile) -> TasteProfile:
    """The profile with an id: its own, or a digest of its content, so that the same file twice is one person."""
    if profile.user_id is not None:
        return profile
    digest = hashlib.blake2b(profile.model_dump_json().encode(), digest_size=16).hexdigest()
    return profile.model_copy(update={"user_id": UserId(f"u-{digest}")})
