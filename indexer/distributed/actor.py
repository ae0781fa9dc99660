"""What each process of the cluster does: rows of a shard in, vectors out. It knows nothing of who cut the shards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import orjson

from features.profile import UserId
from features.tables.frames import people_as_written
from indexer.embedding import refuse_bad
from indexer.follow import vectors_of
from indexer.ports import PersonVector, Writer
from trainer.ports import Embedder

if TYPE_CHECKING:
    import pyarrow as pa

USER_ID, VECTOR, PAYLOAD = "user_id", "vector", "payload"


class EmbedsShards:
    """Embeds batches of people, and writes them to the index itself where it can be written to from here."""

    def __init__(self, embedder: Embedder, opened: Callable[[], Writer] | None) -> None:
        self._embedder = embedder
        self._writer = opened() if opened else None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Rows of ``features.tables`` to rows of user id, vector and, where it is not written yet, payload."""
        import torch

        torch.set_num_threads(1)  # as many as the core that this process was given
        people = [person for batch in rows.combine_chunks().to_batches() for person in people_as_written(batch)]
        embedded = vectors_of(people, self._embedder) if people else []
        if self._writer is not None and embedded:
            refuse_bad(np.stack([person.vector for person in embedded]))
            self._writer.add(embedded)
        return to_table(embedded, self._embedder.width, with_payload=self._writer is None)


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
