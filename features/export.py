"""Export: people back out of the feature store as profiles that can be imported again."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from features.errors import StoreError
from features.profile import Playlist, TasteProfile, Track
from features.user_features import UserFeatures


def to_profile(person: UserFeatures) -> TasteProfile:
    """A person as a profile: what the source told, one row per artist and playlist; nothing that was filled in."""
    listening = person.listening
    playlists = tuple(
        Playlist(
            name=playlist.name,
            tracks=tuple(
                Track(
                    artist=artist,
                    genres=() if artist in listening.filled_genres else listening.genres.get(artist, ()),
                    release_year=None if artist in listening.filled_years else year,
                    plays=round(weight),
                )
                for artist, weight, year in playlist.rows()
            ),
        )
        for playlist in listening.playlists
    )
    return TasteProfile(
        user_id=person.user_id,
        display_name=person.display_name,
        profile_url=person.profile_url,
        source=person.source,
        playlists=playlists,
    )


def write_profiles(people: Iterable[UserFeatures], out: BinaryIO) -> int:
    """Write one profile a line; returns how many."""
    count = 0
    for person in people:
        out.write(to_profile(person).model_dump_json(exclude_defaults=True).encode() + b"\n")
        count += 1
    return count


def write_file(people: Iterable[UserFeatures], path: Path) -> int:
    """Write a file (packed where it ends in ``.gz``) that appears only once it is whole.

    Raises:
        StoreError: the file cannot be written.
    """
    staging = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(staging, "wb") as out:
            count = write_profiles(people, cast("BinaryIO", out))
        staging.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.", "Give another file with -o.") from error
    finally:
        staging.unlink(missing_ok=True)
    return count
