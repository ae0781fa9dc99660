"""What training is shown: pairs of views and hidden artists of everybody trained on, as inputs. No torch here.

Every person is seen with co-listening vectors learnt from other folds of people (see ``trainer.community``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.user_features import UserFeatures
from features.vectors import TextVectors, view_of
from trainer.colistening import CoListening
from trainer.community import Widths, fold_of, learn, learn_folds
from trainer.inputs import Inputs, inputs_of, joined, widths_of
from trainer.neighbours import Gallery, Hidden, gallery_of
from trainer.settings import TrainerSettings
from trainer.views import draw, hide_artists

MAX_PAIRS = 20_000
"""Most pairs of views that are kept in memory; very many people get fewer pairs each."""
HIDDEN_SHARE = 0.2
"""Share of the artists that is hidden from a person's neighbours."""


@dataclass(frozen=True)
class Views:
    """Inputs of pairs of views, row by row the same people; ``usable`` is bool [people]: both views hold something."""

    left: Inputs
    right: Inputs
    usable: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lessons:
    """All that training is shown; the rows of every part are the same people.

    Attributes:
        co_listening: learnt from everybody; what new people are folded into.
        widths: of the parts of an input row.
        views: drawings of pairs.
        gallery: who votes on hidden artists.
        hidden: as many drawings of hidden artists.
    """

    co_listening: CoListening
    widths: tuple[int, ...]
    views: list[Views]
    gallery: Gallery
    hidden: list[Hidden]


def prepare(
    people: Sequence[UserFeatures], vectors: TextVectors, settings: TrainerSettings, say: Callable[[str], None]
) -> Lessons:
    """Learn co-listening and draw the views.

    Args:
        people: those to train on.
        vectors: must know every text of their listening.
        settings: how much of everything.
        say: told what is being done.
    """
    widths = Widths(settings.co_listening_width, settings.rotation_width, settings.genre_width, settings.clusters)
    folds = [fold_of(person.user_id, settings.folds) for person in people]
    order = sorted(range(len(people)), key=lambda row: folds[row])
    people, folds = [people[row] for row in order], [folds[row] for row in order]
    listenings = [person.listening for person in people]
    say(f"co-listening of {len(people):,} people")
    whole = learn(listenings, widths)
    say(f"co-listening in {settings.folds} folds")
    classroom = _Classroom(people, folds, learn_folds(listenings, folds, whole, widths), vectors)
    drawings = max(1, min(settings.views, MAX_PAIRS // max(len(people), 1)))
    gallery = gallery_of(listenings, classroom.inputs(people), settings.seed)
    views, hidden = [], []
    for drawing in range(drawings):
        say(f"views of {len(people):,} people, {drawing + 1} of {drawings}")
        rng = np.random.default_rng([settings.seed, 0, drawing])
        views.append(classroom.views(rng))
        hidden.append(classroom.hidden(gallery, rng))
    return Lessons(whole, widths_of(whole, vectors.matrix.shape[1]), views, gallery, hidden)


@dataclass(frozen=True)
class _Classroom:
    """People in the order of their folds, and what each fold is seen with."""

    people: Sequence[UserFeatures]
    folds: Sequence[int]
    learnt: Mapping[int, CoListening]
    vectors: TextVectors

    def inputs(self, views: Sequence[UserFeatures]) -> Inputs:
        """Inputs of one view of everybody, in order."""
        width = self.vectors.matrix.shape[1]
        groups: dict[int, list[UserFeatures]] = {}
        for fold, view in zip(self.folds, views, strict=True):
            groups.setdefault(fold, []).append(view)
        return joined([inputs_of(group, self.learnt[fold], width).compact() for fold, group in groups.items()])

    def views(self, rng: np.random.Generator) -> Views:
        pairs = [draw(person.listening, rng) for person in self.people]
        left, right = (
            self.inputs([view_of(person, part, self.vectors) for person, part in zip(self.people, side, strict=True)])
            for side in zip(*pairs, strict=True)
        )
        return Views(left, right, np.array([bool(one.playlists and other.playlists) for one, other in pairs]))

    def hidden(self, gallery: Gallery, rng: np.random.Generator) -> Hidden:
        drawn = [hide_artists(person.listening, HIDDEN_SHARE, rng) for person in self.people]
        left = [part for part, _ in drawn]
        views = [view_of(person, part, self.vectors) for person, part in zip(self.people, left, strict=True)]
        has = gallery.columns_of([person.listening for person in self.people])
        remaining = gallery.columns_of(left)
        return Hidden(self.inputs(views), remaining, (has > remaining).tocsr())
