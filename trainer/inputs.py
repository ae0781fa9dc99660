"""From people (or views of people) to the model's inputs: float32 arrays with a mask for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.user_features import DECADES, UserFeatures, YearStats
from trainer.colistening import CoListening
from trainer.ports import TOWERS

YEARS_WIDTH = 2 + DECADES
PARTS = (*TOWERS, "years", "co_listening")
"""Columns of the mask."""

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs of n people.

    Attributes:
        text: [n, 3, text width], unit rows of the genre, artist and playlist vectors.
        years: [n, YEARS_WIDTH], standardised mean and deviation, then the decades.
        co_listening: [n, co-listening width].
        present: bool [n, len(PARTS)]; where it is False the values mean nothing and are not looked at.
    """

    text: Floats
    years: Floats
    co_listening: Floats
    present: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.intp]) -> Inputs:
        """The inputs of some of the people."""
        return Inputs(self.text[rows], self.years[rows], self.co_listening[rows], self.present[rows])


def inputs_of(people: Sequence[UserFeatures], co_listening: CoListening, text_width: int) -> Inputs:
    """Inputs of people, in their order, float32."""
    text = np.zeros((len(people), len(TOWERS), text_width), np.float32)
    years = np.zeros((len(people), YEARS_WIDTH), np.float32)
    co = np.zeros((len(people), co_listening.width), np.float32)
    present = np.zeros((len(people), len(PARTS)), np.bool_)
    for row, person in enumerate(people):
        heard_with = co_listening.fold(person.listening)
        parts = (person.genre, person.artist, person.playlist, _years_of(person.years), heard_with)
        targets = (*text[row], years[row], co[row])
        for column, (part, target) in enumerate(zip(parts, targets, strict=True)):
            if part is not None:
                target[:] = part
                present[row, column] = True
    return Inputs(text, years, co, present)


def _years_of(stats: YearStats | None) -> npt.NDArray[np.float32] | None:
    if stats is None:
        return None
    # Centred and scaled by hand to be near 1; the model needs no more than the order of magnitude.
    return np.concatenate([np.array([(stats.mean - 1995) / 15, stats.std / 10], np.float32), stats.decades])
