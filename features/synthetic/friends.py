"""Friendships between the people of the synthetic community: chance, but the more alike two people, the likelier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.synthetic.taste import Taste

_CHOOSINESS = 4.0
"""How much likelier it is to befriend somebody alike: e to this power for the very same taste."""
_ROWS = 256


def make_friends(tastes: Sequence[Taste], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Undirected friendships by number, each once, the lower number first; a few per person."""
    shares = np.array([np.sqrt(taste.corners).ravel() for taste in tastes], np.float32)
    wanted = np.minimum(rng.geometric(0.3, size=len(tastes)), len(tastes) - 1)
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(tastes), _ROWS):
        likeness = shares[start : start + _ROWS] @ shares.T
        keys = _CHOOSINESS * likeness + rng.gumbel(size=likeness.shape)
        for person, row in enumerate(keys, start):
            row[person] = -np.inf
            chosen = np.argsort(-row, kind="stable")[: wanted[person]].tolist()
            pairs.update((min(person, friend), max(person, friend)) for friend in chosen)
    return sorted(pairs)
