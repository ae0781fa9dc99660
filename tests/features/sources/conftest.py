"""Builders of real files: ZIPs, CSVs and profiles as people send them."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from features.profile import TasteProfile
from features.sources import SourceLimits, read_upload

ROOMY = SourceLimits(max_profile_tracks=1_000, max_file_bytes=20_000_000, max_unpacked_bytes=40_000_000)


def zip_of(**members: object) -> bytes:
    """A ZIP; members are bytes, or whatever JSON can write."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return packed.getvalue()


@pytest.fixture
def limits() -> SourceLimits:
    return ROOMY


@pytest.fixture
def make_zip() -> Callable[..., bytes]:
    return zip_of


@pytest.fixture
def export() -> Callable[..., TasteProfile]:
    """Uploads a ZIP of the given members."""

    def upload(limits: SourceLimits = ROOMY, /, **members: object) -> TasteProfile:
        return read_upload(zip_of(**members), "my_spotify_data.zip", limits)

    return upload


@pytest.fixture
def rows() -> Callable[[TasteProfile], dict[str, list[tuple[str, str | None, int | None]]]]:
    """What a test looks at: playlist name -> (artist, title, plays)."""
    return lambda profile: {
        playlist.name: [(track.artist, track.title, track.plays) for track in playlist.tracks]
        for playlist in profile.playlists
    }
