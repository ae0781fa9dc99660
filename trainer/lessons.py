"""What training is shown: pairs of views and hidden artists of everybody trained on, as inputs. No torch here.

Every person is seen with co-listening vectors learnt from other folds of people (see ``trainer.community``). People are
gone through twice, in batches, and never all in memory: what is drawn of them goes to files (``trainer.lesson_files``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.ports import TextEncoder
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of, view_of
from trainer.colistening import CoListening
from trainer.community import Widths, learn, learn_folds
from trainer.inputs import Inputs, inputs_of, joined, widths_of
from trainer.lesson_files import LessonWriter
from trainer.neighbours import Gallery, gallery_of
from trainer.roll import Roll, call_roll
from trainer.settings import TrainerSettings
from trainer.views import draw, hide_artists

MAX_PAIRS = 20_000
"""Most pairs of views that are drawn; very many people get fewer pairs each."""
HIDDEN_SHARE = 0.2
"""Share of the artists that is hidden from a person's neighbours."""
BATCH = 4096
"""People whose views are in memory at once."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """What is known of the people besides their lessons.

    Attributes:
        co_listening: learnt from everybody; what new people are folded into.
        people: how many they are.
        fingerprint: a digest of who they are and with what.
    """

    co_listening: CoListening
    people: int
    fingerprint: str


def prepare(
    people: Iterable[UserFeatures], encoder: TextEncoder, settings: TrainerSettings, folder: Path, say: Say
) -> Prepared:
    """Learn co-listening, and draw the lessons into files of ``folder``.

    Args:
        people: those to train on; gone through twice. Who is new the second time is passed over, and nothing is drawn
            of who is not there any more.
        encoder: of the texts of their listening.
        settings: how much of everything.
        folder: empty.
        say: told what is being done.
    """
    widths = Widths(settings.co_listening_width, settings.rotation_width, settings.genre_width, settings.clusters)
    say("counting who listens to what")
    roll = call_roll(people, settings)
    say(f"co-listening of {len(roll):,} people")
    whole = learn(roll.census, widths)
    say(f"co-listening in {settings.folds} folds")
    classroom = _Classroom(learn_folds(roll.census, roll.folds, whole, widths), roll, encoder)
    voters = roll.voters
    gallery = gallery_of(
        [each.listening for each in voters.values()],
        classroom.inputs(np.array([*voters], np.intp), [*voters.values()]),
        np.array([*voters], np.intp),
        len(roll),
    )
    drawings = max(1, min(settings.views, MAX_PAIRS // max(len(roll), 1)))
    writer = LessonWriter(folder, len(roll), widths_of(whole, encoder.width), drawings, gallery)
    rngs = [np.random.default_rng([settings.seed, 0, drawing]) for drawing in range(drawings)]
    done = 0
    for rows, some in _batches(people, roll):
        say(f"views of {len(roll):,} people: {done:,}")
        vectors = TextVectors({text for each in some for text in mixtures_of(each.listening).texts()}, encoder)
        for drawing, rng in enumerate(rngs):
            classroom.draw_pairs(writer, drawing, rows, some, vectors, rng)
            classroom.draw_hidden(writer, drawing, rows, some, vectors, rng)
        done += len(rows)
    writer.close()
    return Prepared(whole, len(roll), roll.fingerprint)
