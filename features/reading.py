"""Reading a file into listeners: what an import gets from a source. Formats live in ``features.sources``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from features.errors import EmptyProfile, UnreadableSource
from features.listener import Listener, identified, listener_of
from features.profile import TasteProfile, UserId
from features.sources import Rejection, SourceLimits, read_profiles


def read_listeners(path: Path, limits: SourceLimits, only: UserId | None = None) -> Iterator[Listener | Rejection]:
    """Everybody in a file, compacted, and what is no usable profile.

    Args:
        path: a file of any known format.
        limits: how much may be read.
        only: the id of the one person in the file, in place of what it says.

    Raises:
        UnreadableSource, EmptyProfile, ProfileTooLarge: as ``read_profiles``; also where ``only`` is given and the
            file holds several people.
    """
    for number, found in enumerate(read_profiles(path, limits)):
        if only is not None and number:
            raise UnreadableSource(f"{path.name} holds several profiles.", "--user-id goes with a file of one person.")
        yield found if isinstance(found, Rejection) else one_listener(found, only)


def one_listener(profile: TasteProfile, only: UserId | None = None) -> Listener | Rejection:
    """A profile compacted, with the id ``only`` in place of its own where one is given; or why it is of no use."""
    named = identified(profile) if only is None else profile.model_copy(update={"user_id": only})
    try:
        return listener_of(named)
    except EmptyProfile as error:
        return Rejection(f"user {named.user_id}", error.what, EmptyProfile)
