"""Drawing what training is shown: pairs of views and hidden artists of everybody trained on, as inputs. No torch here.

Every person is seen with co-listening vectors learnt from other folds of people (see ``trainer.community``). People are
gone through twice, in batches, and never all in memory; what is drawn of them goes to files (``trainer.lesson_files``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.listening import Listening
from features.ports import TextEncoder
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of, view_of
from trainer.colistening import CoListening
from trainer.community import Widths, learn, learn_folds
from trainer.inputs import PARTS, Inputs, inputs_of, widths_of
from trainer.lesson_files import LessonWriter, Rows, Views
from trainer.neighbours import Gallery, Hidden, gallery_of
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


def prepare(
    people: Iterable[UserFeatures], encoder: TextEncoder, settings: TrainerSettings, folder: Path, say: Say
) -> CoListening:
    """Learn co-listening of everybody, which is what new people are folded into, and draw the lessons.

    Args:
        people: those to train on; gone through twice. Who is new the second time is passed over, and nothing is drawn
            of whoever is not there any more.
        encoder: of the texts of their listening.
        settings: how much of everything.
        folder: where the lessons go; empty.
        say: told what is being done.
    """
    widths = Widths(settings.co_listening_width, settings.rotation_width, settings.genre_width, settings.clusters)
    say("counting who listens to what")
    roll = call_roll(people, settings.folds, settings.seed)
    say(f"co-listening of {len(roll):,} people")
    whole = learn(roll.census, widths)
    say(f"co-listening in {settings.folds} folds")
    classroom = _Classroom(roll, learn_folds(roll.census, roll.folds, whole, widths), encoder)
    gallery = classroom.gallery()
    drawings = max(1, min(settings.views, MAX_PAIRS // max(len(roll), 1)))
    writer = LessonWriter(folder, widths_of(whole, encoder.width), drawings, gallery)
    draws = [_Drawing(writer, number, gallery, settings.seed) for number in range(drawings)]
    done = 0
    for rows, some in _batches(people, roll):
        say(f"views of {len(roll):,} people: {done:,}")
        vectors = TextVectors({text for each in some for text in mixtures_of(each.listening).texts()}, encoder)
        for drawing in draws:
            drawing.put(_Class(classroom, rows, some, vectors))
        done += len(rows)
    writer.finish(roll.fingerprint)
    return whole


def _batches(people: Iterable[UserFeatures], roll: Roll) -> Iterator[tuple[Rows, list[UserFeatures]]]:
    """Those on the roll, with their rows."""
    rows, some = list[int](), list[UserFeatures]()
    for person in people:
        row = roll.row_of.get(person.user_id)
        if row is None:
            continue
        rows.append(row)
        some.append(person)
        if len(rows) == BATCH:
            yield np.array(rows, np.intp), some
            rows, some = [], []
    if rows:
        yield np.array(rows, np.intp), some


@dataclass(frozen=True)
class _Classroom:
    """Who is trained on, and what each fold of them is seen with."""

    roll: Roll
    learnt: Mapping[int, CoListening]
    encoder: TextEncoder

    def gallery(self) -> Gallery:
        """Those who vote, by their whole profiles."""
        voters = self.roll.voters
        inputs = self.inputs(np.array([*voters], np.intp), [*voters.values()])
        return gallery_of({row: each.listening for row, each in voters.items()}, inputs, len(self.roll))

    def inputs(self, rows: Rows, views: Sequence[UserFeatures]) -> Inputs:
        """Inputs of a view of each of the people of ``rows``, in their order."""
        width = self.encoder.width
        folds = self.roll.folds[rows]
        total = sum(widths_of(next(iter(self.learnt.values())), width))
        found = Inputs(np.zeros((len(rows), total), np.float16), np.zeros((len(rows), len(PARTS)), np.bool_))
        for fold in np.unique(folds).tolist():
            among = np.flatnonzero(folds == fold)
            seen = inputs_of([views[at] for at in among.tolist()], self.learnt[fold], width).compact()
            found.values[among], found.present[among] = seen.values, seen.present
        return found


@dataclass(frozen=True)
class _Class:
    """A batch of people: their rows, and vectors of every text of their listening."""

    room: _Classroom
    rows: Rows
    people: Sequence[UserFeatures]
    vectors: TextVectors

    def inputs(self, parts: Sequence[Listening]) -> Inputs:
        """Inputs of them as they would look if ``parts`` were all that is known of them."""
        views = [view_of(person, part, self.vectors) for person, part in zip(self.people, parts, strict=True)]
        return self.room.inputs(self.rows, views)


class _Drawing:
    """One drawing of everybody, class after class."""

    def __init__(self, writer: LessonWriter, number: int, gallery: Gallery, seed: int) -> None:
        self._writer, self._number, self._gallery = writer, number, gallery
        self._rng = np.random.default_rng([seed, 0, number])

    def put(self, some: _Class) -> None:
        """Draw a pair of views, and hidden artists, of each."""
        pairs = [draw(person.listening, self._rng) for person in some.people]
        left, right = (some.inputs(side) for side in zip(*pairs, strict=True))
        usable = np.array([bool(one.playlists and other.playlists) for one, other in pairs])
        self._writer.put_pair(self._number, some.rows, Views(left, right, usable))
        parts = [hide_artists(person.listening, HIDDEN_SHARE, self._rng)[0] for person in some.people]
        has = self._gallery.columns_of([person.listening for person in some.people])
        remaining = self._gallery.columns_of(parts)
        hidden = Hidden(some.inputs(parts), remaining, (has > remaining).tocsr())
        self._writer.put_hidden(self._number, some.rows, hidden)
