"""The artists of the synthetic community: who belongs to which scene, since when, and how popular they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.synthetic import names
from features.synthetic.scenes import SCENES, Scene

CORNERS = 4
"""Every scene has corners: acts that are heard together although no genre says so. What there is to learn."""

_LARGEST, _SMALLEST = 200, 50
_ZIPF = 0.9
_SONGS = 6


@dataclass(frozen=True, slots=True)
class Song:
    """A song; of some nobody noted the year."""

    title: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Artists:
    """All artists, column by column; ``scene``, ``corner``, ``year`` and ``popularity`` are arrays [n].

    Attributes:
        name: unique names.
        genres: the fitting genres, maybe none known.
        songs: a few of each, from about the artist's year.
        scene: index into SCENES.
        corner: which corner of its scene, 0 to CORNERS - 1.
        year: the median year of what they released.
        popularity: share of the listening within the scene; sums to 1 per scene.
    """

    name: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]
    songs: tuple[tuple[Song, ...], ...]
    scene: npt.NDArray[np.int64]
    corner: npt.NDArray[np.int64]
    year: npt.NDArray[np.int64]
    popularity: npt.NDArray[np.float64]


def make_artists(rng: np.random.Generator) -> Artists:
    """All artists of all scenes; within a scene they come by popularity, the most popular first."""
    sizes = np.linspace(_LARGEST, _SMALLEST, len(SCENES)).astype(int)
    scene = np.repeat(np.arange(len(SCENES)), sizes)
    year = np.concatenate([_years(rng, *pair) for pair in zip(SCENES, sizes, strict=True)])
    taken: set[str] = set()
    return Artists(
        name=tuple(names.act(rng, style=SCENES[at].style, taken=taken) for at in scene),
        genres=tuple(_genres(rng, SCENES[at]) for at in scene),
        songs=tuple(tuple(_song(rng, int(around)) for _ in range(_SONGS)) for around in year),
        scene=scene,
        corner=rng.integers(CORNERS, size=len(scene)),
        year=year,
        popularity=np.concatenate([_zipf(size) for size in sizes]),
    )


def _genres(rng: np.random.Generator, scene: Scene) -> tuple[str, ...]:
    """Mostly the defining genre and some of the others; of one act in thirty nobody knows."""
    if rng.random() < 1 / 30:
        return ()
    others = [genre for genre in scene.genres[1:] if rng.random() < 0.5]
    return (scene.name, *others) if others and rng.random() < 0.85 else tuple(others) or (scene.name,)


def _song(rng: np.random.Generator, around: int) -> Song:
    offset = int(rng.integers(-3, 5))
    return Song(names.title(rng), around + offset if rng.random() < 0.9 else None)


def _years(rng: np.random.Generator, scene: Scene, size: int) -> npt.NDArray[np.int64]:
    span = scene.last_year - scene.first_year
    return scene.first_year + np.round(span * rng.beta(2, 2, size=size)).astype(np.int64)


def _zipf(size: int) -> npt.NDArray[np.float64]:
    share = 1 / np.arange(1, size + 1) ** _ZIPF
    return share / share.sum()
