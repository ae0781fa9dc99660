"""Builders of people and profiles for tests: a few words say what matters, the rest is made up the same way always."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from features.build import FeatureBuilder
from features.compact import Limits
from features.listener import listener_of
from features.ports import ArtistFacts
from features.profile import Playlist, TasteProfile, Track
from features.user_features import UserFeatures

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class WordEncoder:
    """A text encoder for tests: every text has its own random unit vector, always the same; counts what it encodes."""

    name = "word-encoder"

    def __init__(self, width: int = 384) -> None:
        self.width = width
        self.encoded: list[str] = []

    def warm_up(self) -> None:
        pass

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded.extend(texts)
        rows = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(rows, texts, strict=True):
            seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
            row[:] = np.random.default_rng(seed).standard_normal(self.width)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


class KnownFacts(dict[str, ArtistFacts]):
    """An artist catalogue that knows just what it is told."""

    def facts(self, artists: object) -> dict[str, ArtistFacts]:
        return {artist: self[artist] for artist in artists if artist in self}  # type: ignore[attr-defined]

    def popularity(self) -> tuple[dict[str, int], dict[str, int]]:
        return {artist: facts.people for artist, facts in self.items()}, {}


def a_track(artist: str, **more: object) -> Track:
    return Track.model_validate({"artist": artist, **more})


def a_playlist(name: str, *tracks: Track | str) -> Playlist:
    return Playlist(name=name, tracks=tuple(a_track(t) if isinstance(t, str) else t for t in tracks))


def a_profile(user_id: str | None = "ann", *playlists: Playlist, source: str = "test") -> TasteProfile:
    return TasteProfile(user_id=user_id, source=source, playlists=playlists)


def features_of(
    *profiles: TasteProfile,
    encoder: WordEncoder | None = None,
    facts: KnownFacts | None = None,
    limits: Limits | None = None,
) -> list[UserFeatures]:
    builder = FeatureBuilder(encoder or WordEncoder(), facts if facts is not None else KnownFacts())
    return builder.build([listener_of(profile, limits or Limits()) for profile in profiles], now=NOW, consent=True)


def a_community(people: int = 60, scenes: int = 4, seed: int = 0) -> list[TasteProfile]:
    """People of a few scenes; each plays artists of their own scene, so that taste can be learnt."""
    rng = np.random.default_rng(seed)
    profiles = []
    for person in range(people):
        scene = person % scenes
        numbers = rng.choice(30, 14, replace=False)
        tracks = [
            a_track(
                f"Scene {scene} artist {number}",
                genres=[f"genre {scene}", f"style {scene}-{number % 3}"],
                release_year=1960 + 10 * scene + int(number) % 10,
                plays=int(rng.integers(1, 500)),
            )
            for number in numbers
        ]
        profiles.append(
            a_profile(f"person-{person}", a_playlist(f"mix {person}", *tracks[:8]), a_playlist("later", *tracks[6:]))
        )
    return profiles
