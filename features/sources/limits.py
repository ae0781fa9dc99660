"""How much a source may hold. Numbers only; whoever reads enforces them, on bytes really read, never on claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.settings import FeatureSettings

_BYTES_PER_MB = 1_000_000

# Spotify splits its history into files of some 12 MB; a parsed JSON text needs up to twenty times its size in memory.
MAX_PART_BYTES = 64 * 1024 * 1024
"""Most that is held in memory at once: one line, one ZIP member, one CSV."""


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Limits on one file.

    Attributes:
        max_profile_tracks: most rows in one profile.
        max_file_bytes: largest file, as it lies on disk or is uploaded.
        max_unpacked_bytes: most that a gzip, or all members of a ZIP together, may unpack to.
    """

    max_profile_tracks: int
    max_file_bytes: int
    max_unpacked_bytes: int

    @classmethod
    def from_settings(cls, settings: FeatureSettings) -> SourceLimits:
        """The limits that the operator set."""
        return cls(
            max_profile_tracks=settings.max_profile_tracks,
            max_file_bytes=settings.max_upload_mb * _BYTES_PER_MB,
            max_unpacked_bytes=settings.max_unpacked_mb * _BYTES_PER_MB,
        )
