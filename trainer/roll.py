"""Who is trained on, and what has to be known of all of them before anything is drawn: one pass over people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from features.identity import point_id
from features.profile import UserId
from features.user_features import UserFeatures
from trainer.census import Census, CensusTaker
from trainer.community import fold_of
from trainer.errors import TooFewPeople
from trainer.neighbours import GALLERY
from trainer.people import Sample

MIN_TRAIN = 20
"""People that it takes to train anything at all."""
_BYTES = 16  # of a digest


@dataclass(frozen=True)
class Roll:
    """Those who are trained on, row by row in the order in which they came.

    Attributes:
        row_of: user id -> row.
        folds: [people], each one's fold.
        census: what they listen to.
        voters: row -> person, of a sample of bounded size: all of these few is kept.
        fingerprint: a digest of who they are and with what, whatever their order; it tells nobody's id.
    """

    row_of: dict[UserId, int]
    folds: npt.NDArray[np.intp]
    census: Census
    voters: dict[int, UserFeatures]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.row_of)


def call_roll(people: Iterable[UserFeatures], folds: int, seed: int) -> Roll:
    """Go through people once; none may come twice.

    Raises:
        TooFewPeople: fewer than ``MIN_TRAIN`` come, or hardly anybody with two artists.
    """
    row_of: dict[UserId, int] = {}
    fold: list[int] = []
    taker, voters, total = CensusTaker(), Sample[tuple[int, UserFeatures]](GALLERY), 0
    for row, person in enumerate(people):
        row_of[person.user_id] = row
        fold.append(fold_of(person.user_id, folds))
        taker.add(person.listening)
        voters.add(_lot(person.user_id, seed), (row, person))
        total += int.from_bytes(_digest(person))
    census = taker.census()
    if len(row_of) < MIN_TRAIN:
        raise TooFewPeople(
            f"{len(row_of)} people are left to train on; it takes {MIN_TRAIN}.",
            "Import more with: python -m features import PATH",
        )
    if (np.diff(census.plays.indptr) > 1).sum() < 2:
        raise TooFewPeople("Nobody to train on has two artists or more.", "Import larger profiles.")
    fingerprint = (total % 2 ** (8 * _BYTES)).to_bytes(_BYTES).hex()
    return Roll(row_of, np.array(fold, np.intp), census, dict(sorted(voters.things(), key=itemgetter(0))), fingerprint)


def _lot(user_id: UserId, seed: int) -> int:
    """By which the sample is drawn."""
    salt = seed.to_bytes(8, "little", signed=True)
    return int.from_bytes(hashlib.blake2b(user_id.encode(), digest_size=8, salt=salt, person=b"sound-voters").digest())


def _digest(person: UserFeatures) -> bytes:
    digest = hashlib.blake2b(point_id(person.user_id).bytes, digest_size=_BYTES)
    for part in (person.genre, person.artist, person.playlist):
        digest.update(b"-" if part is None else part.tobytes())
    return digest.digest()
