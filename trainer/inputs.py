"""From people (or views of people) to the model's inputs: one float32 row each, with a mask for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.user_features import DECADES, UserFeatures, YearStats
from trainer.colistening import CoListening

YEARS_WIDTH = 2 + DECADES
PARTS_OF = {
    "genre": ("genre_text", "genre_mix"),
    "artist": ("artist_text", "co_listening", "rotation", "clusters", "mainstream"),
    "playlist": ("playlist_text",),
    "years": ("years",),
}
"""Tower -> the parts that it reads, in the order of an input row."""
PARTS = tuple(part for parts in PARTS_OF.values() for part in parts)
"""Columns of the mask."""

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs of n people.

    Attributes:
        values: [n, sum of the parts' widths], part beside part in the order of ``PARTS``.
        present: bool [n, len(PARTS)]; where it is False the values mean nothing and are not looked at.
    """

    values: Floats
    present: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.present)

    def take(self, rows: npt.NDArray[np.intp]) -> Inputs:
        """The inputs of some of the people."""
        return Inputs(self.values[rows], self.present[rows])

    def compact(self) -> Inputs:
        """The same as float16, half as large: all values are of the order of 1."""
        return Inputs(self.values.astype(np.float16), self.present)


def widths_of(co_listening: CoListening, text_width: int) -> tuple[int, ...]:
    """Widths of ``PARTS``."""
    learnt = co_listening.widths
    fixed = {"years": YEARS_WIDTH, "genre_text": text_width, "artist_text": text_width, "playlist_text": text_width}
    return tuple(fixed[part] if part in fixed else learnt[part] for part in PARTS)


def inputs_of(people: Sequence[UserFeatures], co_listening: CoListening, text_width: int) -> Inputs:
    """Inputs of people, in their order, float32."""
    folded = co_listening.fold([person.listening for person in people])
    told = {
        "genre_text": _stacked([person.genre for person in people], text_width),
        "artist_text": _stacked([person.artist for person in people], text_width),
        "playlist_text": _stacked([person.playlist for person in people], text_width),
        "years": _stacked([_years_of(person.years) for person in people], YEARS_WIDTH),
    }
    parts = [told[part] if part in told else folded[part] for part in PARTS]
    present = [part.any(axis=1) for part in parts]
    return Inputs(np.concatenate(parts, axis=1), np.stack(present, axis=1))


def _stacked(vectors: Sequence[npt.NDArray[np.float32] | None], width: int) -> npt.NDArray[np.float32]:
    rows = np.zeros((len(vectors), width), np.float32)
    for row, vector in zip(rows, vectors, strict=True):
        if vector is not None:
            row[:] = vector
    return rows


def _years_of(stats: YearStats | None) -> npt.NDArray[np.float32] | None:
    if stats is None:
        return None
    # Centred and scaled by hand to be near 1; the model needs no more than the order of magnitude.
    return np.concatenate([np.array([(stats.mean - 1995) / 15, stats.std / 10], np.float32), np.sqrt(stats.decades)])
