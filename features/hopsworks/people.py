"""People in the feature group, each once: what an upsert and a delete mean there. No replica here (``store``).

Hopsworks knows a row by person and event time, and neither replaces an older row of a person nor drops duplicates. So
the newest row is the person; who writes it removes the older ones after. Whatever breaks off in between is harmless to
repeat: before anything is written twice, it is looked up what is there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from features.errors import HopsworksUnavailable
from features.hopsworks.again import again
from features.hopsworks.group import FeatureGroup
from features.hopsworks.ledger import Key, Ledger
from features.ports import Upserted
from features.profile import UserId
from features.tables.frames import Encoded, encoded, microseconds, moment, table_of
from features.user_features import UserFeatures

if TYPE_CHECKING:
    import pyarrow as pa

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class RemotePeople:
    """The feature group as people. Every method may raise ``StoreError``; one at a time may write or list."""

    def __init__(self, group: FeatureGroup, ledger: Ledger, *, wait_s: float = 1.0) -> None:
        """``wait_s``: about how long to wait before the first repetition."""
        self._group, self.ledger, self._wait_s = group, ledger, wait_s

    def list_all(self) -> None:
        """Take down in the ledger all that the feature group holds."""
        self._again(self._list_all)

    def upsert(self, people: Sequence[UserFeatures], *, anew: bool = False) -> Upserted:
        """Write those of ``people`` who are not held in this state; the last one wins where an id stands twice.

        With ``anew`` it is looked up what is held now: another machine may have deleted or changed them since. A row
        of the same state that is older is then written again, or it could pass there for one of before a deletion.
        """
        wanted = {person.user_id: encoded(person) for person in people}
        if anew or not self.ledger.is_listed:
            self._again(lambda: self._look_up(list(wanted)))
        held = self.ledger.held(wanted)
        changed = {
            user_id: each
            for user_id, each in wanted.items()
            if user_id not in held or held[user_id][-1].fingerprint != each.fingerprint
        }
        older = [
            each
            for user_id, each in wanted.items()
            if anew and user_id not in changed and held[user_id][-1].updated_at < key_of(each).updated_at
        ]
        if changed or older:
            self._write([*changed.values(), *older], held)
        added = len(changed.keys() - held.keys())
        return Upserted(added, len(changed) - added, len(wanted) - len(changed))

    def delete(self, user_ids: Sequence[UserId]) -> set[UserId]:
        """Remove every row of people, whoever wrote it; returns who had any. The ledger forgets nobody by this."""
        found = self._again(lambda: list(set(self._group.keys_among(user_ids))))
        self._again(lambda: self._group.remove(found))
        return {key.user_id for key in found}

    def fingerprints(self) -> Iterator[tuple[UserId, str]]:
        """Everybody who is in the feature group now, with the fingerprint of what is known of them, by user id."""
        self.list_all()
        return self.ledger.newest()

    def rows(self, since: int) -> Generator[pa.RecordBatch]:
        """Rows whose event time is ``since`` or later, in batches; to be closed by who stops before the end."""
        return self._group.rows(since)

    def tidy(self, retention_hours: int, people_of: Callable[[Sequence[UserId]], Iterable[UserFeatures]]) -> int:
        """Remove rows left from before, then have Hopsworks forget what was removed; returns how many rows went.

        Args:
            retention_hours: files that no longer count stay as long, for queries that still read them.
            people_of: the people whose newest row is there more than once, to be written anew.
        """
        doubled = {key.user_id: key.updated_at for key in self.ledger.doubled()}
        for person in people_of(list(doubled)):  # first another, then neither of the two is needed
            later = replace(person, updated_at=moment(doubled[person.user_id] + 1))
            self._insert([encoded(later)], is_new=False)
        surplus = self.ledger.surplus()
        self._remove(surplus)
        self._again(lambda: self._group.vacuum(retention_hours))
        return len(surplus)

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    def _list_all(self) -> None:
        with closing(self._group.row_keys()) as found:
            self.ledger.list_all(found)

    def _look_up(self, user_ids: Sequence[UserId]) -> None:
        self.ledger.list_some(user_ids, self._group.keys_among(user_ids))

    def _write(self, people: Sequence[Encoded], held: dict[UserId, list[Key]]) -> None:
        keys = [key_of(each) for each in people]
        there = {(row.user_id, row.updated_at) for rows in held.values() for row in rows}
        self._insert(people, is_new=there.isdisjoint((key.user_id, key.updated_at) for key in keys))
        self._remove([old for key in keys for old in held.get(key.user_id, ()) if old.updated_at != key.updated_at])

    def _insert(self, people: Sequence[Encoded], *, is_new: bool) -> None:
        table, is_first = table_of(people), self.ledger.is_empty
        with self.ledger.in_doubt():
            try:
                self._group.write(table, is_new=is_new, is_first=is_first)
            except HopsworksUnavailable as error:
                _log.info("writing again what may have come through: %s", error)
                self._again(lambda: self._insert_rest(people))
            self.ledger.hold([key_of(each) for each in people])

    def _insert_rest(self, people: Sequence[Encoded]) -> None:
        """Write who is not there; by a merge, since a write that was given up may come through after all."""
        there = set(self._group.keys_among([each.person.user_id for each in people]))
        rest = [each for each in people if key_of(each) not in there]
        if rest:
            self._group.write(table_of(rest), is_new=False, is_first=not there and self.ledger.is_empty)

    def _remove(self, keys: Sequence[Key]) -> None:
        if keys:
            self._again(lambda: self._group.remove(keys))
            self.ledger.release(keys)

    def _again(self, work: Callable[[], _Answer]) -> _Answer:
        return again(work, self._wait_s)


def key_of(each: Encoded) -> Key:
    """The row that is the person."""
    return Key(each.person.user_id, microseconds(each.person.updated_at), each.fingerprint)
