"""From playlists as they were read to one TasteProfile: names, genres and the limit on its size. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from features.errors import ProfileTooLarge
from features.profile import Playlist, TasteProfile, Track, UserId
from features.spotify.links import profile_url
from features.spotify.shapes import ArtistFound, Heard

Genres: TypeAlias = Mapping[str, tuple[str, ...]]
"""By the id of the artist."""


@dataclass(frozen=True, slots=True)
class ReadPlaylist:
    """A playlist with what was heard in it."""

    name: str
    heard: Sequence[Heard]


def artist_ids(playlists: Iterable[ReadPlaylist]) -> list[str]:
    """Of all artists, each once, in the order in which they come."""
    return list(
        dict.fromkeys(
            heard.artist_id for playlist in playlists for heard in playlist.heard if heard.artist_id is not None
        )
    )


def profile_of(
    user_id: UserId,
    display_name: str | None,
    source: str,
    playlists: Iterable[ReadPlaylist],
    ranked: Iterable[Playlist] = (),
    *,
    genres: Genres,
) -> TasteProfile:
    """The profile, with the link back to it; playlists without tracks are left out.

    Args:
        user_id: Spotify's.
        display_name: may be None.
        source: kept for provenance.
        playlists: of tracks.
        ranked: playlists that are made of artists alone; they come last.
        genres: of artists, as far as they are known.
    """
    of_tracks = (
        Playlist(name=playlist.name, tracks=tuple(_track(heard, genres) for heard in playlist.heard))
        for playlist in playlists
        if playlist.heard
    )
    return TasteProfile(
        user_id=user_id,
        display_name=display_name,
        profile_url=profile_url(user_id),
        source=source,
        playlists=(*of_tracks, *ranked),
    )


def of_artists(name: str, artists: Sequence[ArtistFound], genres: Genres, *, weights: Sequence[int]) -> Playlist:
    """A playlist of artists alone, each with its weight in place of plays."""
    return Playlist(
        name=name,
        tracks=tuple(
            Track(artist=artist.name, genres=artist.genres or genres.get(artist.id or "", ()), plays=weight)
            for artist, weight in zip(artists, weights, strict=True)
        ),
    )


def check_size(rows: int, max_tracks: int) -> None:
    """Raise ProfileTooLarge for more rows than a profile may have."""
    if rows > max_tracks:
        raise ProfileTooLarge(
            f"The playlists hold more than {max_tracks:,} tracks.",
            "Ask for fewer playlists, or raise SOUNDALIKE_MAX_PROFILE_TRACKS.",
        )


def _track(heard: Heard, genres: Genres) -> Track:
    return Track(
        artist=heard.artist,
        title=heard.title,
        genres=genres.get(heard.artist_id, ()) if heard.artist_id else (),
        release_year=heard.year,
    )
