"""Who is at what: holds on a version, a build or the whole catalogue, kept on the server for all machines to see.

A lease is a point without a vector that says until when it lasts; whoever holds it makes it last longer. It ends by
itself where the process died, was not told that it got it, or could not say that it let it go. That only one gets it is
the server's doing: a conditional write replaces a lease that is over, and none that is not. A process that stood still
for longer than its lease finds that it is another's.

On a cluster a write is acknowledged once every replica that is up has it; the others are out until they caught up. So
one replica is read. Asking for a majority would fail while a single one of two is away, and leave out holds that only
some have: those must be seen. In the moment in which the replica that orders writes changes, two may get a lease.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

from qdrant_client import models

from indexer.errors import IndexUnavailable
from indexer.qdrant.collection import ORDERED
from indexer.qdrant.line import Answer, Call, Line
from indexer.qdrant.making import create
from indexer.qdrant.process import may_run, this_process

_NAMES = UUID("7f0a1c52-3c5e-4d2b-9f55-6d0b8f0a9b1e")
_DOING = "The leases of the index cannot be had"
_MOST = 1_000  # more processes than ever share a version


@dataclass(frozen=True)
class Lease:
    """A hold on something, until it is let go of."""

    point: str
    holder: str
    leases: Leases

    def is_mine(self) -> bool:
        """Whether nobody else has it meanwhile. Raises IndexUnavailable."""
        return self.leases.holder_of(self.point) == self.holder

    def release(self) -> None:
        """Let go; with the server away, the lease ends by itself."""
        with suppress(IndexUnavailable):
            self.leases.let_go(self)


class Leases:
    """Takes leases in a collection of their own, which is made when the first is taken."""

    def __init__(self, line: Line, collection: str, clock: Callable[[], float] = time.time) -> None:
        """``clock``: seconds since 1970."""
        self._line, self._collection, self._clock = line, collection, clock
        self._lasts_s = line.settings.qdrant_lease_s
        self._guard = threading.Lock()
        self._is_ready = False
        self._held: frozenset[str] = frozenset()  # holders whose leases are made to last longer

    def take(self, what: str) -> Lease | None:
        """A lease that only one can have at a time; None where somebody has it. Raises IndexUnavailable."""
        point = str(uuid5(_NAMES, what))
        lease = self._put(point, what, _older_than(self._clock()))
        payloads = self._payloads(point)
        if any(payload.get("holder") == lease.holder for payload in payloads):
            return self._kept(lease)
        dead = [payload for payload in payloads if not self._lives(payload)]
        for payload in dead:
            self.let_go(Lease(point, str(payload.get("holder")), self))
        return self.take(what) if dead else None

    def share(self, what: str) -> Lease:
        """A lease that any number can have. Raises IndexUnavailable."""
        return self._kept(self._put(str(uuid4()), what, None))

    def is_held(self, what: str) -> bool:
        """Whether anybody who lives has a lease. Raises IndexUnavailable."""
        self._ready()
        asked = models.Filter(must=[_is("what", what)])
        records, _ = self._read(lambda client: client.scroll(self._collection, scroll_filter=asked, limit=_MOST))
        return any(self._lives(record.payload or {}) for record in records)

    def sweep(self) -> None:
        """Forget what is long over. Raises IndexUnavailable."""
        self._ready()
        over = models.FilterSelector(filter=_older_than(self._clock() - self._lasts_s))
        self._line.write(_DOING, lambda client: client.delete(self._collection, over, ordering=ORDERED))

    def next_number(self, what: str, at_least: int) -> int:
        """A number above all that were given for ``what``; to be asked by one at a time. Raises IndexUnavailable."""
        self._ready()
        point = str(uuid5(_NAMES, what))
        number = max([at_least, *(payload.get("last", 0) + 1 for payload in self._payloads(point))])
        last = models.PointStruct(id=point, vector={}, payload={"last": number})
        self._line.write(_DOING, lambda client: client.upsert(self._collection, [last], ordering=ORDERED))
        return number

    def _put(self, point: str, what: str, unless: models.Filter | None) -> Lease:
        self._ready()
        lease = Lease(point, str(uuid4()), self)
        payload = {**this_process(), "what": what, "holder": lease.holder, "until": self._until()}
        struct = models.PointStruct(id=point, vector={}, payload=payload)
        self._line.write(
            _DOING,
            lambda client: client.upsert(self._collection, [struct], update_filter=unless, ordering=ORDERED),
        )
        return lease

    def _kept(self, lease: Lease) -> Lease:
        with self._guard:
            self._held |= {lease.holder}
        return lease

    def holder_of(self, point: str) -> str | None:
        """Who has a lease, by its point. Raises IndexUnavailable."""
        return next((str(payload.get("holder")) for payload in self._payloads(point)), None)

    def let_go(self, lease: Lease) -> None:
        """What a lease that is released asks for. Raises IndexUnavailable, and the lease ends by itself."""
        with self._guard:
            self._held -= {lease.holder}
        mine = models.Filter(must=[models.HasIdCondition(has_id=[lease.point]), _is("holder", lease.holder)])
        chosen = models.FilterSelector(filter=mine)
        # A server that hangs must not keep a process from ending.
        within_s = self._line.settings.qdrant_search_timeout_s
        self._line.write(
            _DOING, lambda client: client.delete(self._collection, chosen, ordering=ORDERED), within_s=within_s
        )

    def _payloads(self, point: str) -> list[dict[str, Any]]:
        """That of a point, if there is one."""
        held = self._read(lambda client: client.retrieve(self._collection, [point], with_payload=True))
        return [record.payload or {} for record in held]

    def _read(self, call: Call[Answer]) -> Answer:
        """In the time of a write, as it is part of one: the server may be busy with what was uploaded."""
        return self._line.read(_DOING, call, within_s=self._line.settings.qdrant_write_timeout_s)

    def _lives(self, payload: dict[str, Any]) -> bool:
        if payload.get("until", 0) < self._clock():
            return False
        return may_run(payload)

    def _until(self) -> float:
        return self._clock() + self._lasts_s

    def _ready(self) -> None:
        with self._guard:
            if not self._is_ready:
                self._make()
                self._line.start(self._go_on())
                self._is_ready = True

    def _make(self) -> None:
        settings, within_s = self._line.settings, self._line.settings.qdrant_admin_timeout_s
        if self._line.read(_DOING, lambda client: client.collection_exists(self._collection), within_s=within_s):
            return
        create(
            self._line,
            _DOING,
            self._collection,
            vectors_config={},
            shard_number=1,
            replication_factor=settings.qdrant_replicas,
            write_consistency_factor=settings.qdrant_write_consistency,
        )

    async def _go_on(self) -> None:
        """Make all leases that are held here last longer, again and again."""
        while True:
            await asyncio.sleep(self._lasts_s / 4)
            if held := self._held:
                with suppress(IndexUnavailable):
                    await self._prolong(held)

    async def _prolong(self, held: frozenset[str]) -> None:
        theirs = models.Filter(must=[models.FieldCondition(key="holder", match=models.MatchAny(any=sorted(held)))])
        until = {"until": self._until()}
        await self._line.writing(
            _DOING,
            lambda client: client.set_payload(self._collection, until, theirs, ordering=ORDERED),
            within_s=self._lasts_s / 4,
        )


def _is(field: str, value: str) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def _older_than(moment: float) -> models.Filter:
    return models.Filter(must=[models.FieldCondition(key="until", range=models.Range(lt=moment))])
