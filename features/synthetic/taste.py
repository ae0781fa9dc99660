"""What an invented person likes, before they play anything: scenes, their corners, and a time. No profiles here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from features.synthetic.artists import CORNERS, Artists
from features.synthetic.scenes import SCENES

Floats = npt.NDArray[np.float64]

_NUMBER_OF_SCENES = (0.22, 0.38, 0.26, 0.14)
"""Share of people with one scene, two, three, four."""
_AT_RANDOM = 0.06
"""Share of the plays that follow no taste: what a party, a friend or a machine put on."""


@dataclass(frozen=True, slots=True)
class Taste:
    """A person's taste.

    Attributes:
        corners: share of the listening per corner of each scene [number of scenes, CORNERS]; sums to 1.
        year: the release year they are most at home in.
        narrowness: 0 for any time, 1 for that time only.
    """

    corners: Floats
    year: float
    narrowness: float

    @property
    def scenes(self) -> list[int]:
        """Indices of the scenes, the dearest first."""
        share = self.corners.sum(axis=1)
        return [int(scene) for scene in np.argsort(-share, kind="stable") if share[scene] > 0]


def draw_taste(rng: np.random.Generator) -> Taste:
    """A few related scenes, in each of them mostly one corner."""
    count = 1 + int(rng.choice(len(_NUMBER_OF_SCENES), p=_NUMBER_OF_SCENES))
    chosen = [int(rng.choice(len(SCENES), p=_listeners()))]
    while len(chosen) < count:
        scene = int(rng.choice(len(SCENES), p=_neighbours()[chosen[0]]))
        if scene not in chosen:
            chosen.append(scene)
    corners = np.zeros((len(SCENES), CORNERS))
    corners[chosen] = rng.dirichlet([1.6] * count)[:, None] * rng.dirichlet([0.35] * CORNERS, size=count)
    period = SCENES[chosen[0]]
    year = rng.uniform(period.first_year, period.last_year)
    return Taste(corners, year, float(rng.beta(2, 2)))


def pull(taste: Taste, artists: Artists) -> Floats:
    """How strongly each artist draws this person [number of artists]; sums to 1."""
    era = np.exp(-0.5 * ((artists.year - taste.year) / 7) ** 2)
    liked = taste.corners[artists.scene, artists.corner] * CORNERS * artists.popularity
    liked = liked * (1 - taste.narrowness * (1 - era))
    anything = artists.popularity * _listeners()[artists.scene]
    return (1 - _AT_RANDOM) * liked / liked.sum() + _AT_RANDOM * anything / anything.sum()


@cache
def _listeners() -> Floats:
    share = 1 / np.arange(6, 6 + len(SCENES))
    return share / share.sum()


@cache
def _neighbours() -> Floats:
    """Probability of a further scene, given the first [scene, scene]: more for shared genres, always a little."""
    genres = [set(scene.genres) for scene in SCENES]
    shared = np.array([[len(one & other) for other in genres] for one in genres])
    likely = (0.15 + shared) * _listeners()
    return likely / likely.sum(axis=1, keepdims=True)
