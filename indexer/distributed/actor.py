"""What each process of the cluster does: shards in, vectors out. It knows nothing of who cut the shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from features.profile import UserId
from features.tables.shards import Shards
from features.user_features import UserFeatures
from indexer.embedding import refuse_bad
from indexer.errors import IndexUnavailable
from indexer.follow import BATCH, vectors_of
from indexer.ports import PersonVector, Writer
from trainer.ports import Embedder

if TYPE_CHECKING:
    import pyarrow as pa

SHARD, USER_ID, VECTOR, PAYLOAD = "shard", "user_id", "vector", "payload"


class EmbedsShards:
    """Embeds batches of people, and writes them to the index itself where it can be written to from here."""

    def __init__(self, embedder: Embedder, opened: Callable[[], Writer] | None, tries: int) -> None:
        import torch

        torch.set_num_threads(1)  # as many as it was given cores
        self._embedder, self._tries = embedder, tries
        self._writer = opened() if opened else None

    def __call__(self, shards: pa.Table) -> Iterator[pa.Table]:
        """Paths of shards to rows of user id, vector and, where it is not written yet, payload; a batch at a time."""
        for path in shards[SHARD].to_pylist():
            file = Path(path)
            _begin(file, self._tries)
            for people in Shards(file.parent).people(file, BATCH):
                yield self._embedded(people)

    def _embedded(self, people: Sequence[UserFeatures]) -> pa.Table:
        embedded = vectors_of(people, self._embedder)
        if self._writer is not None:
            refuse_bad(np.array([person.vector for person in embedded]))
            self._writer.add(embedded)
        return to_table(embedded, self._embedder.width, with_payload=self._writer is None)


def _begin(shard: Path, most: int) -> None:
    """Raises IndexUnavailable for a shard that was begun too often: Ray would try it again for ever."""
    with shard.with_suffix(".tries").open("ab") as tries:
        tries.write(b".")
        if tries.tell() > most:
            raise IndexUnavailable(
                f"The process that embeds people died over the same ones again and again ({most} x).",
                "Mostly its memory ran out: set SOUNDALIKE_RAY_ACTORS lower, or take larger machines.",
            )


def to_table(people: Sequence[PersonVector], width: int, *, with_payload: bool) -> pa.Table:
    """People as they go back over the network."""
    import pyarrow as pa

    vectors = np.array([person.vector for person in people], np.float32).reshape(-1)
    payloads = [orjson.dumps(person.payload) if with_payload else None for person in people]
    return pa.table(
        {
            USER_ID: pa.array([person.user_id for person in people], pa.string()),
            VECTOR: pa.FixedSizeListArray.from_arrays(pa.array(vectors), width),
            PAYLOAD: pa.array(payloads, pa.binary()),
        }
    )


def to_people(table: pa.Table, width: int) -> list[PersonVector]:
    """The inverse, payloads empty where there were none."""
    ids, payloads = table[USER_ID].to_pylist(), table[PAYLOAD].to_pylist()
    vectors = table[VECTOR].combine_chunks().flatten().to_numpy().reshape(-1, width)
    return [
        PersonVector(UserId(user_id), vector, orjson.loads(payload) if payload else {})
        for user_id, vector, payload in zip(ids, vectors, payloads, strict=True)
    ]
