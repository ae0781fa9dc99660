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
from features.hopsworks.frames import microseconds
from features.profile import UserId
from tests.builders import NOW
from tests.cluster import Cluster
from tests.features.hopsworks.machines import COMMIT, known, person, rows

MACHINES, NAMES, STATES = ("here", "there"), ("ann", "bob", "cleo"), ("state 0", "state 1", "state 2")
STATE_OF = {fingerprint(person(name, state)): state for name in NAMES for state in STATES}
MADE = r"POST .*featuregroups$"
EXAMPLES = int(os.environ.get("HOPSWORKS_EXAMPLES", "12"))

faults = st.sampled_from(
    [
        None,
        ("fail", COMMIT, {"status": 500}),
        ("fail", COMMIT, {"status": 503, "after": True}),
        ("fail", COMMIT, {"status": 500, "times": 9}),
        ("cut", COMMIT, {}),
        ("cut", COMMIT, {"after": True}),
        ("fail", MADE, {"status": 500}),
        ("cut", MADE, {"after": True}),
        ("fail", "FLIGHT do_get", {"status": 503}),
        ("fail", "FLIGHT do_get", {"status": 500, "times": 9}),
        ("cut", "FLIGHT do_get", {}),
        ("fail", "GET .*featuregroups/", {"status": 502}),
        ("fail", "PUT .*featurestores/query", {"status": 500}),
    ]
)


@dataclass(frozen=True)
class Step:
    """What a machine does, what breaks meanwhile, whether it is done again then, and whether a refresh comes after."""

    machine: str
    work: str
    people: dict[str, str | None] = field(default_factory=dict)
    fault: tuple[str, str, dict[str, object]] | None = None
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
        before = self._held()
        failed = self._breaks_off(step)
        if failed:
            self._in_doubt.add(step.machine)
        if failed and step.is_repeated:
            self._do(step)
        is_done = not failed or step.is_repeated
        self._compare(before, {name: self._outcomes(step, name, before.get(name), is_done) for name in NAMES}, step)
        if is_done:
            here = known(self._stores[step.machine])
            assert {name: here.get(name) for name in step.people} == step.people
        self._remember(step, is_done)
        if step.refreshes or (is_done and step.work in ("refresh", "vacuum")):
            self._refresh(step.machine)

    def end(self) -> None:
        """Both machines know what is there, and after a vacuum there is one row of everybody."""
        for name in MACHINES:
            self._refresh(name)
        before = self._held()
        self._stores["here"].vacuum(0)
        assert [row.user_id for row in rows(self._cluster)] == sorted(before)
        for name in MACHINES:
            self._refresh(name)
            assert self._believed[name] == before

    def close(self) -> None:
        for store in self._stores.values():
            store.close()

    def _refresh(self, machine: str) -> None:
        before = self._held()
        self._stores[machine].refresh()
        self._compare(before, {name: self._after_a_refresh(machine, name, before.get(name)) for name in NAMES}, machine)
        self._believed[machine] = self._held()
        self._in_doubt.discard(machine)
        assert known(self._stores[machine]) == self._believed[machine]

    def _compare(self, before: dict, may_be: dict[str, set[str | None]], step: object) -> None:
        held = self._held()
        for name in NAMES:
            assert held.get(name) in may_be[name], (name, step, before, held)

    def _held(self) -> dict[str, str | None]:
        """The state of everybody in the feature group: that of their newest row."""
        return {row.user_id: STATE_OF[row.fingerprint] for row in rows(self._cluster)}

    def _breaks_off(self, step: Step) -> bool:
        if step.fault is not None:
            kind, pattern, more = step.fault
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

    def _outcomes(self, step: Step, name: str, state: str | None, is_done: bool) -> set[str | None]:
        """The states that somebody may be in after a step, who was in ``state`` before it."""
        if step.work in ("refresh", "vacuum"):
            return self._after_a_refresh(step.machine, name, state)
        if name not in step.people:
            return {state}
        wanted = step.people[name]
        if not is_done or (step.work == "import" and step.machine in self._in_doubt):
            return {state, wanted}
        if step.work == "import" and self._believed[step.machine].get(name) == wanted:
            return {state}  # for all that is known there, nothing has changed
        return {wanted}

    def _after_a_refresh(self, machine: str, name: str, state: str | None) -> set[str | None]:
        return {state, None} if name in self._half_deleted[machine] else {state}

    def _remember(self, step: Step, is_done: bool) -> None:
        written = {row.user_id for row in rows(self._cluster) if row.updated_at == microseconds(self._now)}
        for half_deleted in self._half_deleted.values():
            half_deleted.difference_update(written)
        if is_done:
            self._believed[step.machine] |= step.people
        elif step.work == "delete":
            self._half_deleted[step.machine].update(step.people)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=8))
def test_what_was_done_is_there_once_on_every_machine(cluster: Cluster, tmp_path: Path, steps: list[Step]):
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    shutil.rmtree(tmp_path, ignore_errors=True)
    note(f"{steps}")
    with cluster.lent(), closing(Machines(cluster, tmp_path)) as machines:
        for step in steps:
            machines.take(step)
        machines.end()
