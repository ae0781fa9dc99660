"""From one feature store to another: who is missing there or different is written, and at the end both are compared.

Nothing is deleted; who is only in the target is counted. Run again it goes on where it was cut off, since who is the
same already is passed over. Memory holds a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol
from uuid import UUID

from features.errors import StoreError
from features.fingerprint import fingerprint
from features.identity import point_id
from features.ports import FeatureStore, Upserted
from features.profile import UserId
from features.user_features import UserFeatures

BATCH = 5_000
_MODULUS = 2**64


class Source(Protocol):
    """Where people come from."""

    def scan(self, *, batch_size: int = BATCH) -> Iterator[list[UserFeatures]]:
        """Everybody, by user id in batches."""
        ...


class Target(Protocol):
    """Where people go to."""

    def fingerprints(self) -> Iterator[tuple[UserId, str]]:
        """Everybody who is there now, with the fingerprint of what is known of them, by user id."""
        ...

    def upsert(self, people: Sequence[UserFeatures]) -> Upserted:
        """Write people."""
        ...


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did.

    Attributes:
        people: in the source.
        added: of them were not in the target.
        updated: of them were another there.
        unchanged: of them were the same there.
        only_there: people in the target who are not in the source.
        left_out: people of the source who were deleted from the target; not counted in ``people``.
        checksum: of all people of the source and what is known of them, which the target has, too: 16 hex digits.
    """

    people: int
    added: int
    updated: int
    unchanged: int
    only_there: int
    left_out: int
    checksum: str


class LocalShelf:
    """A store on this disk, as a source and as a target."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self.upsert = store.upsert

    def scan(self, *, batch_size: int = BATCH) -> Iterator[list[UserFeatures]]:
        """Everybody, by user id in batches."""
        return self._store.scan(batch_size=batch_size)

    def fingerprints(self) -> Iterator[tuple[UserId, str]]:
        """Everybody with their fingerprint, by user id."""
        return ((person.user_id, fingerprint(person)) for batch in self._store.scan() for person in batch)


def sync(
    source: Source, target: Target, on_people: Callable[[int], None], *, gone: Container[UUID] = frozenset()
) -> Synced:
    """Bring everybody of ``source`` to ``target``.

    Args:
        source: where people come from.
        target: where they go to.
        on_people: told how many more are done.
        gone: point ids of those who were deleted from the target: deleted means gone, so they are passed over.

    Raises:
        StoreError: one of the two failed, or they differ at the end, as when somebody wrote to one meanwhile.
    """
    there = _There(target.fingerprints())
    done, people, checksum = Upserted(0, 0, 0), 0, 0
    left = 0
    for everybody in source.scan(batch_size=BATCH):
        batch = [person for person in everybody if point_id(person.user_id) not in gone]
        left += len(everybody) - len(batch)
        found = {person.user_id: fingerprint(person) for person in batch}
        different = [person for person in batch if there.of(person.user_id) != found[person.user_id]]
        if different:
            done = _sum(done, target.upsert(different))
        people += len(batch)
        checksum = (checksum + _checksum(found.items())) % _MODULUS
        on_people(len(everybody))
    there.to_the_end()
    now = _checksum(target.fingerprints())
    if (now - there.checksum_of_others) % _MODULUS != checksum:
        raise StoreError(
            "The two stores are not the same after the sync: somebody wrote to one of them meanwhile.",
            "Run it again.",
        )
    unchanged = people - done.added - done.updated
    return Synced(people, done.added, done.updated, unchanged, there.others, left, f"{checksum:016x}")


class _There:
    """Who is in the target, gone through side by side with the source: both are by user id."""

    def __init__(self, found: Iterator[tuple[UserId, str]]) -> None:
        self._found = found
        self._next = next(found, None)
        self.others, self.checksum_of_others = 0, 0

    def of(self, user_id: UserId) -> str | None:
        """The fingerprint of somebody; to be asked in the order of the ids."""
        self._pass_over(user_id)
        if self._next is None or self._next[0] != user_id:
            return None
        known, self._next = self._next[1], next(self._found, None)
        return known

    def to_the_end(self) -> None:
        """The source has nobody any more."""
        self._pass_over(None)

    def _pass_over(self, before: UserId | None) -> None:
        while self._next is not None and (before is None or self._next[0] < before):
            self.others += 1
            self.checksum_of_others += _checksum([self._next])
            self._next = next(self._found, None)


def _checksum(found: Iterable[tuple[UserId, str]]) -> int:
    total = 0
    for user_id, known in found:
        total += int.from_bytes(blake2b(f"{user_id}\0{known}".encode(), digest_size=8).digest())
    return total % _MODULUS


def _sum(one: Upserted, other: Upserted) -> Upserted:
    return Upserted(one.added + other.added, one.updated + other.updated, one.unchanged + other.unchanged)
