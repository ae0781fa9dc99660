"""Who is trained on, who stops the training, who is kept for the proof: by a hash of the id, so for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from features.profile import UserId
from features.user_features import UserFeatures


@dataclass(frozen=True, slots=True)
class Split:
    """The three groups, each in the order given."""

    train: list[UserFeatures]
    validation: list[UserFeatures]
    test: list[UserFeatures]


def position(user_id: UserId) -> float:
    """Where a person stands on the line from 0 to 1; the same in every run and on every machine."""
    digest = hashlib.blake2b(user_id.encode(), digest_size=8, person=b"sound-split").digest()
    return int.from_bytes(digest) / 2**64


def is_test(user_id: UserId, test_share: float) -> bool:
    """Whether training never sees this person."""
    return position(user_id) < test_share


def split(people: Iterable[UserFeatures], *, test_share: float, validation_share: float) -> Split:
    """Split people into those to train on, to validate on and to test on."""
    groups = Split([], [], [])
    for person in people:
        where = position(person.user_id)
        if where < test_share:
            groups.test.append(person)
        elif where < test_share + validation_share:
            groups.validation.append(person)
        else:
            groups.train.append(person)
    return groups
