"""Syncing a community to Hopsworks: our adapter against the SDK's own insert of the same frames, and its memory.

The cluster is the fake one of the tests, in a process of its own: delta-rs writes to this disk; what a network costs
is not in these figures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from features.compose import local_store
from features.hopsworks.group import FeatureGroup
from features.hopsworks.ledger import Ledger
from features.hopsworks.people import RemotePeople
from features.hopsworks.session import Session
from features.hopsworks.settings import HopsworksSettings
from features.profile import UserId
from features.settings import FeatureSettings, load
from features.sync import BATCH, sync
from features.tables.columns import COLUMNS
from features.tables.frames import encoded, table_of
from features.user_features import UserFeatures


@dataclass
class Crowd:
    """Very many people, made of the ones in SOUNDALIKE_HOME under other names; a source for a sync."""

    people: int
    known: list[UserFeatures] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = [person for batch in local_store(load(FeatureSettings)).scan() for person in batch]

    def scan(self, *, batch_size: int = BATCH) -> Iterator[list[UserFeatures]]:
        """In batches by user id; memory holds one."""
        for start in range(0, self.people, batch_size):
            numbers = range(start, min(start + batch_size, self.people))
            yield [replace(self.known[number % len(self.known)], user_id=UserId(f"p{number:08}")) for number in numbers]


def run(people: int) -> list[str]:
    """The figures."""
    with _cluster() as variables, tempfile.TemporaryDirectory() as folder:
        os.environ.update(variables)
        session = Session(HopsworksSettings())
        ours, default, append = _seconds(Crowd(people), session, Path(folder))
        session.close()
    small, large = _peak_mb(people // 5), _peak_mb(people)
    return [
        f"syncing {people:,} people, {BATCH:,} at a time: {ours / default:.2f} x the SDK's insert of the same frames "
        f"({ours:.1f} s against {default:.1f} s; bound 1.3)",
        f"  its insert that only appends, as ours does for new people: {append:.1f} s; the rest is making the frames",
        f"peak memory of a sync: {large:.0f} MB with {people:,} people, {small:.0f} MB with {people // 5:,}",
    ]


def peak(people: int) -> None:
    """Sync ``people`` in this process, and print the most memory that it took in MB."""
    with tempfile.TemporaryDirectory() as folder:
        target = RemotePeople(FeatureGroup(Session(HopsworksSettings()), name="peak"), Ledger(Path(folder) / "l.db"))
        sync(Crowd(people), target, lambda _count: None)
    # Not getrusage: a process inherits what the one that started it has ever taken.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1024)


def _seconds(crowd: Crowd, session: Session, folder: Path) -> tuple[float, float, float]:
    """Seconds of our adapter, of the SDK's insert, and of its insert that appends; in turns, batch by batch."""
    target = RemotePeople(FeatureGroup(session, name="ours"), Ledger(folder / "ledger.db"))
    target.list_all()
    ours = default = append = 0.0
    for batch in crowd.scan():
        started = time.perf_counter()
        target.upsert(batch)
        ours += time.perf_counter() - started
        frame = _frame(batch)
        default += _inserted(session, "bare", frame, "upsert")
        append += _inserted(session, "append", frame, "insert")
    return ours, default, append


def _frame(batch: list[UserFeatures]) -> Any:  # noqa: ANN401 - pandas has no types here
    import pandas as pd

    return table_of([encoded(person) for person in batch]).to_pandas(types_mapper=pd.ArrowDtype)


def _inserted(session: Session, name: str, frame: Any, operation: str) -> float:  # noqa: ANN401
    def insert(project: Any) -> float:  # noqa: ANN401
        from hsfs.feature import Feature

        group = project.get_feature_store().get_or_create_feature_group(
            name=name,
            version=3,
            primary_key=["user_id"],
            event_time="updated_at",
            features=[Feature(column.name, column.type) for column in COLUMNS],
            statistics_config=False,
        )
        started = time.perf_counter()
        group.insert(frame, operation=operation)
        return time.perf_counter() - started

    return session.call("inserting", insert, patience=10)


def _peak_mb(people: int) -> float:
    """In a process and with a cluster of its own."""
    with _cluster() as variables:
        command = [sys.executable, "-c", f"from benchmarks.sync import peak; peak({people})"]
        told = subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=True, timeout=3600
        )
    return float(told.stdout)


@contextmanager
def _cluster() -> Iterator[dict[str, str]]:
    """A fake cluster in a process of its own; the variables by which it is reached."""
    process = subprocess.Popen([sys.executable, "-m", "tests.fakes.hopsworks"], stdout=subprocess.PIPE, text=True)
    try:
        variables = {}
        for line in process.stdout or ():
            name, _, value = line.removeprefix("export ").strip().partition("=")
            variables[name] = value
            if len(variables) == 5:
                break
        yield variables
    finally:
        process.terminate()
        process.wait(timeout=30)
