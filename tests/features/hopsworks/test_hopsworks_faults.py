"""Whatever breaks off, wherever: nothing that was said to be done is lost, nothing is doubled, nobody comes back."""

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import StoreError
from features.profile import UserId
from tests.builders import NOW, a_playlist, a_profile, features_of
from tests.cluster import Cluster

PERSON = features_of(a_profile("ann", a_playlist("mix", "Air")))[0]
NAMES = ("ann", "bob", "cleo")
COMMIT, MADE = r"POST .*featuregroups/\d+/commits", r"POST .*featuregroups$"
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
states = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), min_size=1)
works = st.one_of(
    st.tuples(st.just("upsert"), states),
    st.tuples(st.just("delete"), st.sets(st.sampled_from(NAMES), min_size=1)),
    st.tuples(st.just("refresh"), st.none()),
)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.booleans(), works, faults), min_size=1, max_size=6))
def test_what_was_done_is_there_once_on_every_machine(cluster: Cluster, tmp_path: Path, steps: list):
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    shutil.rmtree(tmp_path, ignore_errors=True)
    with cluster.lent():
        here, there = cluster.store(tmp_path / "here"), cluster.store(tmp_path / "there")
        here.refresh()
        there.refresh()
        wanted: dict[str, str] = {}
        for minute, (is_here, refreshes, (what, whom), fault) in enumerate(steps):
            store = here if is_here else there
            if fault is not None:
                kind, pattern, more = fault
                getattr(cluster.fake, kind)(pattern, **more)
            now = NOW + timedelta(minutes=minute)
            people = [
                replace(PERSON, user_id=UserId(name), display_name=f"state {state}", updated_at=now)
                for name, state in (whom.items() if what == "upsert" else ())
            ]

            def work(store=store, what=what, whom=whom, people=people) -> None:
                if what == "upsert":
                    store.upsert(people, anew=True)
                elif what == "delete":
                    store.delete([UserId(name) for name in whom])
                else:
                    store.refresh()

            with suppress(StoreError):
                work()
            cluster.fake.mend()
            if refreshes:  # as a command does that is given again; a server may deliver again before that
                store.refresh()
            work()
            wanted |= {str(person.user_id): str(person.display_name) for person in people}
            wanted = {name: state for name, state in wanted.items() if not (what == "delete" and name in whom)}
            (there if is_here else here).refresh()
        for store in (here, there):
            assert {each.user_id: each.display_name for batch in store.scan() for each in batch} == wanted
        here.vacuum(0)
        rows = sorted(key.user_id for keys in cluster.group().row_keys() for key in keys)
        assert rows == sorted(wanted)
        here.close()
        there.close()
