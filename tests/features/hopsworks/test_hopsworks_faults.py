"""Whatever breaks off, wherever: nothing that was said to be done is lost, nothing is doubled, nobody comes back.

Two machines work in turns. They write as a server does, which looks first what is there (``anew``), and as an import
does, which goes by what its machine knew at the last refresh.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from features.errors import StoreError
from features.fingerprint import fingerprint
from features.hopsworks.group import keys_of
from features.hopsworks.ledger import Key
from features.hopsworks.schema import VERSION
from features.profile import UserId
from features.tables.columns import EVENT_TIME, FINGERPRINT, KEY
from features.tables.frames import microseconds
from tests.builders import NOW
from tests.cluster import Cluster
from tests.features.hopsworks.machines import COMMIT, known, person

MACHINES, NAMES, STATES = ("here", "there"), ("ann", "bob"), ("state 0", "state 1")  # few, so that they meet
STATE_OF = {fingerprint(person(name, state)): state for name in NAMES for state in STATES}
MADE = r"POST .*featuregroups$"
EXAMPLES = int(os.environ.get("HOPSWORKS_EXAMPLES", "12"))

faults = st.just([]) | st.sampled_from(
    [
        [("fail", COMMIT, {"status": 500})],
        [("fail", COMMIT, {"status": 503, "after": True})],
        [("fail", COMMIT, {"status": 500, "times": 9})],
        [("cut", COMMIT, {})],
        [("cut", COMMIT, {"after": True})],
        [("fail", COMMIT, {"after": True, "times": 9}), ("fail", "FLIGHT do_get", {"status": 503, "times": 9})],
        [("fail", MADE, {"status": 500})],
        [("cut", MADE, {"after": True})],
        [("fail", "FLIGHT do_get", {"status": 503})],
        [("fail", "FLIGHT do_get", {"status": 500, "times": 9})],
        [("cut", "FLIGHT do_get", {})],
        [("fail", "GET .*featuregroups/", {"status": 502})],
        [("fail", "PUT .*featurestores/query", {"status": 500})],
    ]
)


@dataclass(frozen=True)
class Step:
    """What a machine does, what breaks meanwhile, whether it is done again then, and whether a refresh comes after."""

    machine: str
    work: str
    people: dict[str, str | None] = field(default_factory=dict)
    faults: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    is_repeated: bool = True
    refreshes: bool = False


def a_step(works: list[str], people: st.SearchStrategy[dict[str, str | None]]) -> st.SearchStrategy[Step]:
    return st.builds(
        Step, st.sampled_from(MACHINES), st.sampled_from(works), people, faults, st.booleans(), st.booleans()
    )


names = st.sampled_from(NAMES)
steps = st.one_of(
    a_step(["write", "import"], st.dictionaries(names, st.sampled_from(STATES), min_size=1)),
    a_step(["delete"], st.dictionaries(names, st.none(), min_size=1)),
    a_step(["refresh", "vacuum"], st.just({})),
)


class Machines:
    """Two machines with one feature group, looked at after every step."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster, self._now = cluster, NOW
        self._there: dict[str, str] = {}
        self._stores = {name: cluster.store(folder / name, clock=lambda: self._now) for name in MACHINES}
        self._believed: dict[str, dict[str, str | None]] = {name: {} for name in MACHINES}
        # Something failed since the last refresh, so that the next write may look first what is there.
        self._in_doubt: set[str] = set()
        # By whom a deletion was begun and given up: it may be done by a refresh, unless they are written anew.
        self._half_deleted: dict[str, set[str]] = {name: set() for name in MACHINES}
        for name in MACHINES:
            self._refresh(name)

    def take(self, step: Step) -> None:
        """Do the step, and see that nothing came of it but what may."""
        self._now += timedelta(minutes=1)
        failed = self._breaks_off(step)
        if failed and step.is_repeated:
            self._do(step)
        is_done = not failed or step.is_repeated
        may_be = {name: self._outcomes(step, name, self._there.get(name), failed=failed) for name in NAMES}
        self._look(may_be, step)
        if is_done:
            here = known(self._stores[step.machine])
            assert {name: here.get(name) for name in step.people} == step.people
        self._remember(step, failed=failed, is_done=is_done)
        if step.refreshes or (is_done and step.work in ("refresh", "vacuum")):
            self._refresh(step.machine)

    def end(self) -> None:
        """Both machines know what is there, and after a vacuum there is one row of everybody."""
        for name in MACHINES:
            self._refresh(name)
        before = self._there
        self._stores["here"].vacuum(0)
        for name in MACHINES:
            self._refresh(name)
            assert self._believed[name] == before
        assert [row.user_id for row in self._rows()] == sorted(before)

    def close(self) -> None:
        for store in self._stores.values():
            store.close()

    def _refresh(self, machine: str) -> None:
        self._stores[machine].refresh()
        self._look({name: self._after_a_refresh(machine, name, self._there.get(name)) for name in NAMES}, machine)
        self._believed[machine] = dict(self._there)
        self._in_doubt.discard(machine)
        assert known(self._stores[machine]) == self._there

    def _look(self, may_be: dict[str, set[str | None]], step: object) -> None:
        """What is in the feature group now: everybody is their newest row, and in one of the states that may be."""
        held = self._rows()
        assert len({(row.user_id, row.updated_at) for row in held}) == len(held), (step, held)
        before, self._there = self._there, {row.user_id: STATE_OF[row.fingerprint] for row in held}
        for name in NAMES:
            assert self._there.get(name) in may_be[name], (name, step, before, self._there)

    def _rows(self) -> list[Key]:
        """Keys of all rows, as they lie in the cluster."""
        from deltalake import DeltaTable

        folder = str(self._cluster.fake.table(self._cluster.name, VERSION))
        if not DeltaTable.is_deltatable(folder):
            return []
        table = DeltaTable(folder).to_pyarrow_table(columns=[KEY, EVENT_TIME, FINGERPRINT])
        return sorted(key for batch in table.to_batches() for key in keys_of(batch))

    def _breaks_off(self, step: Step) -> bool:
        for kind, pattern, more in step.faults:
            getattr(self._cluster.fake, kind)(pattern, **more)
        try:
            self._do(step)
        except StoreError:
            return True
        finally:
            self._cluster.fake.mend()
        return False

    def _do(self, step: Step) -> None:
        store = self._stores[step.machine]
        people = [replace(person(*each), updated_at=self._now) for each in step.people.items() if each[1] is not None]
        works: dict[str, Callable[[], object]] = {
            "write": lambda: store.upsert(people, anew=True),
            "import": lambda: store.upsert(people),
            "delete": lambda: store.delete([UserId(name) for name in step.people]),
            "refresh": store.refresh,
            "vacuum": lambda: store.vacuum(0),
        }
        works[step.work]()

    def _outcomes(self, step: Step, name: str, state: str | None, *, failed: bool) -> set[str | None]:
        """The states that somebody may be in after a step, who was in ``state`` before it."""
        if step.work in ("refresh", "vacuum"):
            return self._after_a_refresh(step.machine, name, state)
        if name not in step.people:
            return {state}
        wanted = step.people[name]
        if failed and not step.is_repeated:
            return {state, wanted}
        if step.work == "import" and not failed and self._believed[step.machine].get(name) == wanted:
            # For all that is known there, nothing has changed.
            return {state, wanted} if step.machine in self._in_doubt else {state}
        return {wanted}

    def _after_a_refresh(self, machine: str, name: str, state: str | None) -> set[str | None]:
        return {state, None} if name in self._half_deleted[machine] else {state}

    def _remember(self, step: Step, *, failed: bool, is_done: bool) -> None:
        held = self._rows()
        written = {row.user_id for row in held if row.updated_at == microseconds(self._now)}
        if step.work == "write" and not failed:  # which took the place of all that was there
            assert sum(row.user_id in written for row in held) == len(written), (step, held)
        for half_deleted in self._half_deleted.values():
            half_deleted.difference_update(written)
        if failed:
            self._in_doubt.add(step.machine)
        if is_done:
            self._believed[step.machine] |= step.people
        elif step.work == "delete":
            self._half_deleted[step.machine].update(step.people)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=3, max_size=10))
def test_what_was_done_is_there_once_on_every_machine(cluster: Cluster, tmp_path: Path, steps: list[Step]):
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    shutil.rmtree(tmp_path, ignore_errors=True)
    note(f"{steps}")
    with cluster.lent(), closing(Machines(cluster, tmp_path)) as machines:
        for step in steps:
            machines.take(step)
        machines.end()
