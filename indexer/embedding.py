"""Who embeds everybody for a new version: this process, or whatever stands behind the same protocol.

What becomes of a version afterwards lives in ``indexer.build``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from features.ports import FeatureStore
from features.profile import UserId
from indexer.errors import IndexRejected
from indexer.follow import BATCH, findable, vectors_of
from indexer.ports import VersionBuilder
from indexer.vectors import count_bad
from trainer.ports import Embedder


@dataclass(frozen=True, slots=True)
class Embedded:
    """People who are in the new version now.

    Attributes:
        read: how many people of the store were gone through for them; not all agree to be found.
        user_ids: theirs.
        vectors: float32 [n, width], unit rows in the order of ``user_ids``.
    """

    read: int
    user_ids: list[UserId]
    vectors: npt.NDArray[np.float32]


class Engine(Protocol):
    """Fills a version with everybody who agrees to be found."""

    def fill(self, builder: VersionBuilder, features: FeatureStore, embedder: Embedder) -> Iterator[Embedded]:
        """Read, embed and add everybody, telling batch by batch who is in; in any order, nobody twice.

        Raises:
            IndexRejected: the model gives somebody no usable vector.
            ModelMismatch: features come from another text model than the embedder's.
        """
        ...


class SingleProcess:
    """This process does it, one batch after another."""

    def fill(self, builder: VersionBuilder, features: FeatureStore, embedder: Embedder) -> Iterator[Embedded]:
        """See ``Engine.fill``; in the order of the store."""
        for batch in features.scan(batch_size=BATCH):
            people = vectors_of(findable(batch), embedder)
            vectors = np.array([person.vector for person in people], np.float32).reshape(-1, embedder.width)
            refuse_bad(vectors)
            if people:
                builder.add(people)
            yield Embedded(len(batch), [person.user_id for person in people], vectors)


def refuse_bad(vectors: npt.NDArray[np.float32]) -> None:
    """Raises IndexRejected where a row of [n, width] is zero or not finite."""
    bad = count_bad(vectors)
    if bad:
        raise IndexRejected(
            f"The model gave {bad} of {len(vectors)} people a vector that is zero or not finite.",
            "Train a new model: python -m trainer train",
        )
