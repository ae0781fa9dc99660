"""What a write does inside its transaction: people, tombstones and the catalogue change together.

Transactions, reading and the wiping of deleted bytes live in ``features.sqlite.store``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import orjson

from features.identity import point_id
from features.ports import Upserted
from features.profile import UserId
from features.sqlite.catalog import Changes
from features.sqlite.codec import Row, decode_listening
from features.sqlite.schema import COME_BACK, CONTENT_AMONG, DELETE_AMONG, LISTENING_AMONG, STAMP_AMONG, UPSERT
from features.user_features import UserFeatures

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def put(
    connection: sqlite3.Connection, people: Sequence[tuple[Row, UserFeatures]], *, now: datetime, anew: bool
) -> Upserted:
    """Write those of ``people``, each id once, whose content is new; with ``anew`` stamp the others, too."""
    known = dict(connection.execute(CONTENT_AMONG, ids(row.user_id for row, _ in people)))
    changed = [(row, person) for row, person in people if known.get(row.user_id) != row.content]
    if not changed and not anew:
        return Upserted(0, 0, len(people))
    changes = Changes()
    _forget(connection, changes, [row.user_id for row, _ in changed if row.user_id in known])
    for _, person in changed:
        changes.add(person.listening, person.source)
    stamp = _stamp(connection, now)
    connection.executemany(UPSERT, [(*row, stamp) for row, _ in changed])
    if anew:
        connection.execute(STAMP_AMONG, (stamp, *ids(row.user_id for row, _ in people)))
    added = [row.user_id for row, _ in changed if row.user_id not in known]
    connection.executemany(COME_BACK, [(point_id(user_id).bytes,) for user_id in added])
    changes.apply(connection)
    return Upserted(len(added), len(changed) - len(added), len(people) - len(changed))


def remove(connection: sqlite3.Connection, user_ids: Iterable[UserId], *, now: datetime) -> int:
    """Delete people and leave tombstones, also for those who were not known; returns how many were."""
    named = list(user_ids)
    if not named:
        return 0
    known = [user_id for user_id, _ in connection.execute(CONTENT_AMONG, ids(named))]
    changes = Changes()
    _forget(connection, changes, known)
    connection.execute(DELETE_AMONG, ids(known))
    stamp = _stamp(connection, now)
    connection.executemany(
        "INSERT OR REPLACE INTO tombstones VALUES (?, ?)", [(point_id(user_id).bytes, stamp) for user_id in named]
    )
    changes.apply(connection)
    connection.execute("UPDATE state SET traces = traces + ?", (len(known),))
    return len(known)


def ids(user_ids: Iterable[UserId]) -> tuple[str]:
    """The one parameter of the statements on several people."""
    return (orjson.dumps(list(user_ids)).decode(),)


def microseconds(moment: datetime) -> int:
    """Time as the tables keep it: microseconds since 1970 of a timezone-aware ``moment``."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stamp: int) -> datetime:
    """The time, timezone-aware, that the tables keep as ``stamp``."""
    return _EPOCH + stamp * _MICROSECOND


def _forget(connection: sqlite3.Connection, changes: Changes, user_ids: Sequence[UserId]) -> None:
    for blob, source in connection.execute(LISTENING_AMONG, ids(user_ids)):
        changes.remove(decode_listening(blob), source)


def _stamp(connection: sqlite3.Connection, now: datetime) -> int:
    """The time of this write, later than that of every earlier one, whatever the clock does."""
    connection.execute("UPDATE state SET clock = max(clock + 1, ?)", (microseconds(now),))
    stamp: int = connection.execute("SELECT clock FROM state").fetchone()[0]
    return stamp
