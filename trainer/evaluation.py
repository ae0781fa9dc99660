"""The questions of the proof and how a method answers them, asked about people never trained on, among everybody.

1. *halves*: one half of a person finds the other half (re-identification; Andrews & Bishop, EMNLP 2019).
2. *friends*: friends are among the nearest, and above non-friends with as many friends (AUC, degree-matched).
3. *artists*: the nearest people recommend artists that were hidden (full ranking; Krichene & Rendle, KDD 2020).

Intervals and verdicts are made of the answers in ``trainer.proof``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.compact import only_artists
from features.identity import artist_key
from features.listening import Listening
from features.profile import UserId
from features.user_features import UserFeatures
from features.vectors import TextVectors, view_of
from trainer.friends import Friendships
from trainer.methods import Method, Vectors, similarities
from trainer.metrics import auc, first_relevant_hit, ranks, top
from trainer.proof import Answers
from trainer.views import halves, hide_artists
from trainer.votes import recommend_artists

MIN_ARTISTS = 5
"""Artists that each half must have; people with less are not asked about by halves."""
NEIGHBOURS, RECOMMENDED, HIDDEN_SHARE = 50, 20, 0.2
SIZES = {"1-10": (1, 10), "10-50": (10, 50), "50+": (50, 10**9)}
"""Artists that the asking half is cut down to, by bucket; only halves with enough of them are asked."""
CHUNK = 512
"""Queries compared with everybody at once; bounds memory."""

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Questions:
    """What every method is asked, drawn once, so that all answer the same.

    Attributes:
        people: everybody; the gallery.
        asked: rows of ``people`` never trained on.
        left: views that ask, one per row of ``halves_of``.
        right: views that answer, of everybody with two large enough halves.
        halves_of: rows of ``right`` that ``left`` belongs to.
        cut: bucket of ``SIZES`` -> views that ask, cut down to so many artists, and their rows of ``right``.
        partial: views of ``asked`` with artists hidden.
        hidden: keys of those artists.
    """

    people: list[UserFeatures]
    asked: Rows
    left: list[UserFeatures]
    right: list[UserFeatures]
    halves_of: Rows
    cut: dict[str, tuple[list[UserFeatures], Rows]]
    partial: list[UserFeatures]
    hidden: list[set[str]]


def ask(people: Sequence[UserFeatures], asked: set[UserId], vectors: TextVectors, seed: int) -> Questions:
    """Draw the questions.

    Args:
        people: everybody.
        asked: user ids of the people never trained on.
        vectors: must know every text of the people's listening.
        seed: the same seed asks the same questions.
    """
    ordered = sorted(people, key=lambda person: person.user_id)
    rng = np.random.default_rng([seed, 2])
    left: list[UserFeatures] = []
    right: list[UserFeatures] = []
    partial: list[UserFeatures] = []
    halves_of, hidden, rows = [], [], []
    for row, person in enumerate(ordered):
        mine, yours = halves(person.listening, rng)
        if min(len(mine.artist_weights()), len(yours.artist_weights())) >= MIN_ARTISTS:
            if person.user_id in asked:
                left.append(view_of(person, mine, vectors))
                halves_of.append(len(right))
            right.append(view_of(person, yours, vectors))
        if person.user_id in asked:
            kept, gone = hide_artists(person.listening, HIDDEN_SHARE, rng)
            rows.append(row)
            partial.append(view_of(person, kept, vectors))
            hidden.append({artist_key(artist) for artist in gone})
    answers = np.array(halves_of, np.intp)
    cut = _cut_down(left, answers, vectors, np.random.default_rng([seed, 3]))
    return Questions(ordered, np.array(rows, np.intp), left, right, answers, cut, partial, hidden)


def _cut_down(
    left: Sequence[UserFeatures], halves_of: Rows, vectors: TextVectors, rng: np.random.Generator
) -> dict[str, tuple[list[UserFeatures], Rows]]:
    cut = {}
    for bucket, (least, most) in SIZES.items():
        enough = [row for row, person in enumerate(left) if len(person.listening.artists) >= least]
        sizes = rng.integers(least, min(most, 10_000) + 1, len(enough)) if most < 10**9 else [most] * len(enough)
        views = [
            view_of(left[row], _some(left[row].listening, int(size), rng), vectors)
            for row, size in zip(enough, sizes, strict=True)
        ]
        cut[bucket] = (views, halves_of[enough])
    return cut


def _some(listening: Listening, count: int, rng: np.random.Generator) -> Listening:
    artists = sorted(listening.artists)
    return only_artists(listening, frozenset(artists[index] for index in rng.permutation(len(artists))[:count]))


def answer(method: Method, questions: Questions, friends: Friendships | None) -> dict[str, Answers]:
    """A method's answers, by metric."""
    found: dict[str, Answers] = {}
    if len(questions.left):
        rank = _ranks(method(questions.left), method(questions.right), questions.halves_of)
        found["halves_hit_at_1"], found["halves_hit_at_10"] = Answers.of(rank <= 1), Answers.of(rank <= 10)
        found["halves_mrr"] = Answers.of(1 / rank)
    everybody = method(questions.people)
    if friends is not None and len(questions.asked):
        found |= _friends(everybody, questions.asked, friends)
    if len(questions.partial):
        found["artist_recall_at_20"] = _artists(method, everybody, questions)
    return found


def by_size(method: Method, questions: Questions) -> Mapping[str, Answers]:
    """Halves hit@10 by how many artists of the asking half are known; buckets that nobody falls into are left out."""
    right = method(questions.right) if questions.right else None
    return {
        bucket: Answers.of(_ranks(method(views), right, rows) <= 10)
        for bucket, (views, rows) in questions.cut.items()
        if views
    }


def cosines(method: Method, questions: Questions, friends: Friendships | None) -> dict[str, npt.NDArray[np.float32]]:
    """Cosines of pairs that belong together in some way, and of random pairs, by kind."""
    everybody = method(questions.people)
    rng = np.random.default_rng(0)
    one, other = rng.integers(len(questions.people), size=(2, 20_000))
    pairs = {"random pairs": (one[one != other], other[one != other])}
    if friends is not None:
        known = [(row, friend) for row in questions.asked for friend in sorted(friends.of(row))]
        if known:
            pairs["friends"] = (np.array(known)[:, 0], np.array(known)[:, 1])
    found = {kind: _row_cosines(everybody[rows], everybody[columns]) for kind, (rows, columns) in pairs.items()}
    if len(questions.left):
        found["two halves of one person"] = _row_cosines(
            method(questions.left), method(questions.right)[questions.halves_of]
        )
    return dict(sorted(found.items(), reverse=True))


def _row_cosines(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.einsum("nw,nw->n", one, other).astype(np.float32)


def _ranks(asking: Vectors, gallery: Vectors, answers: Rows) -> Rows:
    chunks = [
        ranks(similarities(asking[start : start + CHUNK], gallery), answers[start : start + CHUNK])
        for start in range(0, len(answers), CHUNK)
    ]
    return np.concatenate(chunks)


def _friends(everybody: Vectors, asked: Rows, friends: Friendships) -> dict[str, Answers]:
    rows = np.array([row for row in asked if friends.of(row)], np.intp)
    if not len(rows):
        return {}
    hits, wins, pairs = [], [], []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        near = similarities(everybody[chunk], everybody)
        near[np.arange(len(chunk)), chunk] = -np.inf
        hits.append(first_relevant_hit(near, friends.mask(chunk), 10))
        for row, line in zip(chunk, near, strict=True):
            matched = np.array(list(friends.matched(int(row))), np.intp).reshape(-1, 2)
            pairs.append(len(matched))
            wins.append(auc(line[matched[:, 0]], line[matched[:, 1]]) if len(matched) else 0.0)
    found = {"friend_hit_at_10": Answers.of(np.concatenate(hits))}
    if sum(pairs):
        found["friend_auc"] = Answers(np.array(wins), np.array(pairs, np.float64))
    return found


def _artists(method: Method, everybody: Vectors, questions: Questions) -> Answers:
    heard = [
        list(dict.fromkeys(artist_key(artist) for artist in person.listening.artist_weights()))
        for person in questions.people
    ]
    partial = method(questions.partial)
    recalls = []
    for start in range(0, len(questions.partial), CHUNK):
        chunk = questions.asked[start : start + CHUNK]
        near = similarities(partial[start : start + CHUNK], everybody)
        near[np.arange(len(chunk)), chunk] = -np.inf
        for line, nearest, row, hidden in zip(
            near, top(near, min(NEIGHBOURS, near.shape[1] - 1)), chunk, questions.hidden[start:], strict=False
        ):
            known = set(heard[row]) - hidden
            voted = recommend_artists(((float(line[other]), heard[other]) for other in nearest), known, RECOMMENDED)
            recalls.append(len(hidden & {artist for artist, _ in voted}) / len(hidden))
    return Answers.of(recalls)
