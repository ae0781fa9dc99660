"""The proof: three protocols on people never trained on, asked among everybody, the same for every method.

1. *halves*: one half of a person finds the other half (re-identification; Andrews & Bishop, EMNLP 2019).
2. *friends*: friends are among the nearest, and above non-friends with as many friends (AUC, degree-matched).
3. *artists*: the nearest people recommend artists that were hidden (full ranking; Krichene & Rendle, KDD 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.identity import artist_key
from features.profile import UserId
from features.user_features import UserFeatures
from features.vectors import TextVectors, view_of
from trainer.friends import Friendships
from trainer.methods import Method, similarities
from trainer.metrics import auc, first_relevant_hit, hits_at, ranks, top
from trainer.views import halves, hide_artists
from trainer.votes import recommend_artists

MIN_ARTISTS = 5
"""Artists that each half must have; people with less are not asked about by halves."""
NEIGHBOURS, RECOMMENDED, HIDDEN_SHARE = 50, 20, 0.2
CHUNK = 512
"""Queries compared with everybody at once; bounds memory."""


@dataclass(frozen=True)
class Questions:
    """What every method is asked, drawn once, so that all answer the same.

    Attributes:
        people: everybody; the gallery.
        asked: rows of ``people`` never trained on.
        left: views that ask, one per row of ``halves_of``.
        right: views that answer, of everybody with two large enough halves.
        halves_of: rows of ``right`` that ``left`` belongs to.
        partial: views of ``asked`` with artists hidden.
        hidden: keys of those artists.
    """

    people: list[UserFeatures]
    asked: npt.NDArray[np.intp]
    left: list[UserFeatures]
    right: list[UserFeatures]
    halves_of: npt.NDArray[np.intp]
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
    return Questions(ordered, np.array(rows, np.intp), left, right, np.array(halves_of, np.intp), partial, hidden)


def evaluate(method: Method, questions: Questions, friends: Friendships | None) -> dict[str, float]:
    """All metrics of one method, by name."""
    figures: dict[str, float] = {}
    if len(questions.left):
        figures |= _halves(method, questions)
    everybody = method(questions.people)
    if friends is not None and len(questions.asked):
        figures |= _friends(everybody, questions.asked, friends)
    if len(questions.partial):
        figures["artist_recall_at_20"] = _artists(method, everybody, questions)
    return {name: round(value, 4) for name, value in figures.items()}


def _halves(method: Method, questions: Questions) -> dict[str, float]:
    left, right = method(questions.left), method(questions.right)
    found = [
        ranks(similarities(left[start : start + CHUNK], right), questions.halves_of[start : start + CHUNK])
        for start in range(0, len(questions.left), CHUNK)
    ]
    rank = np.concatenate(found)
    return {
        "halves_hit_at_1": hits_at(1, rank),
        "halves_hit_at_10": hits_at(10, rank),
        "halves_mrr": float((1 / rank).mean()),
    }


def _friends(everybody: npt.NDArray[np.float32], asked: npt.NDArray[np.intp], friends: Friendships) -> dict[str, float]:
    rows = np.array([row for row in asked if friends.of(row)], np.intp)
    if not len(rows):
        return {}
    hits, positive, negative = [], [], []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        near = similarities(everybody[chunk], everybody)
        near[np.arange(len(chunk)), chunk] = -np.inf
        hits.append(first_relevant_hit(near, friends.mask(chunk), 10))
        for row, line in zip(chunk, near, strict=True):
            for friend, other in friends.matched(int(row)):
                positive.append(line[friend])
                negative.append(line[other])
    figures = {"friend_hit_at_10": float(np.concatenate(hits).mean())}
    if positive:
        figures["friend_auc"] = auc(np.array(positive), np.array(negative))
    return figures


def _artists(method: Method, everybody: npt.NDArray[np.float32], questions: Questions) -> float:
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
    return float(np.mean(recalls))
