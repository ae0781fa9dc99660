"""From a Listening to its vectors and statistics: the one function of rule 6, offline and online, whole or a view.

Pure: text vectors are handed in. Who fetches them lives in ``features.build``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log1p

import numpy as np
import numpy.typing as npt

from features.listening import Listening, PlaylistListening
from features.ports import TextEncoder
from features.user_features import DECADES, FIRST_DECADE, Coverage, UserFeatures, Vector, YearStats

NAME_SHARE = 0.5
"""Share of a playlist's vector that its name makes up; its artists and genres share the rest."""


@dataclass(frozen=True, slots=True)
class Mixtures:
    """Text -> weight, for each of the three vectors; empty where the source says nothing."""

    genre: Mapping[str, float]
    artist: Mapping[str, float]
    playlist: Mapping[str, float]

    def texts(self) -> set[str]:
        """Every text that needs a vector."""
        return {*self.genre, *self.artist, *self.playlist}


class TextVectors:
    """Vectors of texts, by text. ``matrix`` is float32 [number of texts, width]."""

    def __init__(self, texts: Iterable[str], encoder: TextEncoder) -> None:
        ordered = sorted(set(texts))
        self._row = {text: row for row, text in enumerate(ordered)}
        self.matrix = encoder.encode(ordered)

    def blend(self, mixture: Mapping[str, float]) -> Vector | None:
        """The weighted mean of a mixture's vectors as a unit vector [width]; None for an empty mixture."""
        if not mixture:
            return None
        rows = [self._row[text] for text in mixture]
        weights = np.fromiter(mixture.values(), np.float32, len(rows))
        mean: Vector = weights @ self.matrix.take(rows, axis=0)
        norm = float(np.sqrt(mean @ mean))
        return mean / np.float32(norm) if norm > 0 else None


def mixtures_of(listening: Listening) -> Mixtures:
    """What a listening's three vectors are blended from.

    An artist weighs the logarithm of its plays, so that heavy rotation counts but does not drown the rest; an
    artist's genres share its weight.
    """
    artist = {name: log1p(weight) for name, weight in listening.artist_weights().items()}
    return Mixtures(_genres_of(artist, listening.genres), artist, _playlists_of(listening))


def _genres_of(artists: Mapping[str, float], genres: Mapping[str, Sequence[str]]) -> dict[str, float]:
    mixture: dict[str, float] = {}
    for artist, weight in artists.items():
        found = genres.get(artist)
        if found:
            share = weight / len(found)
            for genre in found:
                mixture[genre] = mixture.get(genre, 0.0) + share
    return mixture


def _playlists_of(listening: Listening) -> dict[str, float]:
    mixture: dict[str, float] = {}
    for playlist in listening.playlists:
        size = log1p(len(playlist.artists))
        for part, share in _parts_of(playlist, listening.genres):
            total = sum(part.values())
            for text, weight in part.items():
                mixture[text] = mixture.get(text, 0.0) + size * share * weight / total
    return mixture


def _parts_of(
    playlist: PlaylistListening, genres: Mapping[str, Sequence[str]]
) -> list[tuple[Mapping[str, float], float]]:
    artists = dict(zip(playlist.artists, map(log1p, playlist.weights), strict=True))
    parts: list[tuple[Mapping[str, float], float]] = [({playlist.name: 1.0}, NAME_SHARE)] if playlist.name else []
    contents = [part for part in (artists, _genres_of(artists, genres)) if part]
    return parts + [(part, (1 - NAME_SHARE) / len(contents)) for part in contents]


def year_stats_of(listening: Listening) -> YearStats | None:
    """Release-year statistics, weighted as the artists are; None where no year is known."""
    dated = [
        (year, weight)
        for playlist in listening.playlists
        for year, weight in zip(playlist.years, playlist.weights, strict=True)
        if year is not None
    ]
    if not dated:
        return None
    years, plays = np.array(dated, np.float64).T
    weights = np.log1p(plays)
    weights /= weights.sum()
    mean = float(weights @ years)
    bins = np.clip((years - FIRST_DECADE).astype(np.int64) // 10, 0, DECADES - 1)
    decades: npt.NDArray[np.float32] = np.bincount(bins, weights, DECADES).astype(np.float32)
    return YearStats(mean, float(np.sqrt(weights @ (years - mean) ** 2)), decades)


def coverage_of(listening: Listening, weights: Mapping[str, float]) -> Coverage:
    """The share of the artists' weight with genres, and with a release year; 0 for no artists.

    Args:
        listening: whose artists they are.
        weights: by artist, ``mixtures_of(listening).artist``.
    """
    total = sum(weights.values())
    if not total:
        return Coverage(0.0, 0.0)
    genres = sum(weight for artist, weight in weights.items() if listening.genres.get(artist))
    years = sum(weights[artist] for artist in sorted(listening.dated_artists))
    return Coverage(round(genres / total, 4), round(years / total, 4))


def view_of(person: UserFeatures, part: Listening, vectors: TextVectors) -> UserFeatures:
    """The person as they would look if ``part`` were all that is known of them: a view, for training and for proof.

    Args:
        person: whose view it is; everything but what is made of the listening stays.
        part: a part of ``person.listening``.
        vectors: must know every text of ``mixtures_of(part)``.
    """
    mixtures = mixtures_of(part)
    return replace(
        person,
        genre=vectors.blend(mixtures.genre),
        artist=vectors.blend(mixtures.artist),
        playlist=vectors.blend(mixtures.playlist),
        years=year_stats_of(part),
        coverage=coverage_of(part, mixtures.artist),
        listening=part,
    )
